/* Runtime: the addresses of wasmtime's functions, and the ticker of one engine. */
#ifndef TARMAC_RUNTIME_H
#define TARMAC_RUNTIME_H
#include "_layout.h"

typedef struct {
  PyObject_HEAD
  PyObject *engine;                       /* keeps the wasm_engine_t alive while the ticker may use it */
  void *engine_at;
  void *(*call_async)(void *, void *, void *, size_t, void *, size_t, void *, void *);
  _Bool (*poll)(void *);
  void (*delete_future)(void *);
  void (*delete_store)(void *);
  void (*delete_trap)(void *);
  void (*delete_error)(void *);
  void (*set_deadline)(void *, uint64_t);
  void (*increment_epoch)(void *);
  void *(*grow_memory)(void *, void *, uint64_t, void *);
  PyObject *names[NAMES];                 /* host calls repeat the same few names */
  uint64_t tick_ns;
  uint64_t ticks;                         /* atomic, as the next three */
  uint64_t calls;
  int64_t live;                           /* futures alive */
  int64_t waiting;                        /* fibers that no worker has taken yet */
  int asleep, stop, running;              /* asleep: atomic. The others are guarded by the mutex */
  pid_t pid;                              /* after a fork the child has no ticker, whatever `running` says */
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
} Runtime;

/* ---- the ticker: a thread that never touches Python. It raises the engine's epoch, and sleeps while nothing runs. */

static void *tick(void *argument) {
  Runtime *r = argument;
  uint64_t last = 0;
  int idle = 0;
  pthread_mutex_lock(&r->mutex);
  while (!r->stop) {
    if (idle >= IDLE_TICKS) {
      STORE(r->asleep, 1);
      while (!r->stop && LOAD(r->live) == 0 && LOAD(r->asleep)) pthread_cond_wait(&r->wake, &r->mutex);
      STORE(r->asleep, 0);
      idle = 0;
      continue;
    }
    uint64_t at = now_ns(CLOCK_MONOTONIC) + r->tick_ns;
    struct timespec until = {(time_t)(at / 1000000000u), (long)(at % 1000000000u)};
    int wait = 0;
    while (!r->stop && wait != ETIMEDOUT) wait = pthread_cond_timedwait(&r->wake, &r->mutex, &until);
    if (r->stop) break;
    ADD(r->ticks, 1);
    r->increment_epoch(r->engine_at);
    uint64_t calls = LOAD(r->calls);
    idle = LOAD(r->live) || calls != last ? 0 : idle + 1;
    last = calls;
  }
  pthread_mutex_unlock(&r->mutex);
  return NULL;
}

static void future_begins(Runtime *r) {
  r->calls++;
  STORE(r->live, r->live + 1);            /* written under the GIL only */
  if (!LOAD(r->asleep)) return;
  pthread_mutex_lock(&r->mutex);
  STORE(r->asleep, 0);
  pthread_cond_signal(&r->wake);
  pthread_mutex_unlock(&r->mutex);
}

static void stop_ticker(Runtime *r) {
  if (!r->running || r->pid != getpid()) return;
  pthread_mutex_lock(&r->mutex);
  r->stop = 1;
  pthread_cond_signal(&r->wake);
  pthread_mutex_unlock(&r->mutex);
  pthread_join(r->thread, NULL);
  r->running = 0;
}

/* ---- Runtime */

static int Runtime_init(Runtime *r, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
  unsigned long long at, f[9], tick_ns;
  PyObject *engine;
  if (r->engine) return PyErr_SetString(PyExc_RuntimeError, "a Runtime is made once"), -1;
  if (!PyArg_ParseTuple(args, "OKK(KKKKKKKKK)", &engine, &at, &tick_ns, f, f + 1, f + 2, f + 3, f + 4, f + 5, f + 6, f + 7, f + 8))
    return -1;
  if (!at || !tick_ns) return PyErr_SetString(PyExc_ValueError, "engine and tick must not be zero"), -1;
  for (int i = 0; i < 9; i++)
    if (!f[i]) return PyErr_SetString(PyExc_ValueError, "the address of a function is zero"), -1;
  r->engine_at = (void *)(uintptr_t)at;
  r->tick_ns = tick_ns;
  r->call_async = (void *(*)(void *, void *, void *, size_t, void *, size_t, void *, void *))(uintptr_t)f[0];
  r->poll = (_Bool (*)(void *))(uintptr_t)f[1];
  r->delete_future = (void (*)(void *))(uintptr_t)f[2];
  r->delete_store = (void (*)(void *))(uintptr_t)f[3];
  r->delete_trap = (void (*)(void *))(uintptr_t)f[4];
  r->delete_error = (void (*)(void *))(uintptr_t)f[5];
  r->set_deadline = (void (*)(void *, uint64_t))(uintptr_t)f[6];
  r->increment_epoch = (void (*)(void *))(uintptr_t)f[7];
  r->grow_memory = (void *(*)(void *, void *, uint64_t, void *))(uintptr_t)f[8];
  Py_INCREF(engine);
  r->engine = engine;
  r->ticks = 1;
  r->pid = getpid();
  pthread_condattr_t monotonic;
  pthread_mutex_init(&r->mutex, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&r->wake, &monotonic);
  pthread_condattr_destroy(&monotonic);
  if (pthread_create(&r->thread, NULL, tick, r)) {
    PyErr_SetString(PyExc_OSError, "the ticker's thread cannot be started");
    return -1;
  }
  r->running = 1;
  return 0;
}

static void Runtime_dealloc(Runtime *r) {
  PyTypeObject *type = Py_TYPE((PyObject *)r);
  if (r->engine) {
    stop_ticker(r);
    if (r->pid == getpid()) {             /* in a child the ticker seems to wait for ever, and destroying waits for it */
      pthread_cond_destroy(&r->wake);
      pthread_mutex_destroy(&r->mutex);
    }
    for (int i = 0; i < NAMES; i++) Py_XDECREF(r->names[i]);
    Py_DECREF(r->engine);
  }
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(r);
  Py_DECREF(type);
}

static PyObject *Runtime_close(Runtime *r, PyObject *Py_UNUSED(none)) {
  stop_ticker(r);
  return Py_NewRef(Py_None);
}
static PyObject *Runtime_ticks(Runtime *r, void *Py_UNUSED(none)) { return PyLong_FromUnsignedLongLong(LOAD(r->ticks)); }
static PyObject *Runtime_live(Runtime *r, void *Py_UNUSED(none)) { return PyLong_FromLongLong(LOAD(r->live)); }
static PyObject *Runtime_waiting(Runtime *r, void *Py_UNUSED(none)) { return PyLong_FromLongLong(LOAD(r->waiting)); }
static PyObject *Runtime_asleep(Runtime *r, void *Py_UNUSED(none)) { return PyBool_FromLong(LOAD(r->asleep)); }

static PyObject *name(Runtime *r, const uint8_t *at, uint32_t n) {
  if (n == 0 || n > LONGEST_NAME) return PyBytes_FromStringAndSize((const char *)at, n);
  PyObject **kept = &r->names[(n * 31u + at[0] + at[n - 1] * 7u + at[n / 2] * 13u) % NAMES];
  if (*kept && PyBytes_Size(*kept) == (Py_ssize_t)n && memcmp(PyBytes_AsString(*kept), at, n) == 0) {
    Py_INCREF(*kept);
    return *kept;
  }
  PyObject *fresh = PyBytes_FromStringAndSize((const char *)at, n), *old = *kept;
  if (!fresh) return NULL;
  Py_INCREF(fresh);
  *kept = fresh;
  Py_XDECREF(old);
  return fresh;
}
#endif
