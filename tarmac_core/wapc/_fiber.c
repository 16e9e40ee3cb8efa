/* A guest's call as one step: write the request into `io`, start the fiber, poll it, copy the answer out; read a host call,
 * answer it. And the ticker that lets a guest which computes give way.
 *
 * No Python runs on a fiber: the host function that shim.wat calls (`suspend`) and the question whether it may go on (`ready`)
 * are here. Nothing is linked to wasmtime: `Runtime` is handed the addresses of the few functions it needs. All fields are
 * guarded by the GIL but for those marked atomic; only `Fiber.spin`, on a worker thread, polls without it. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <Python.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/* u32 words of the header of `io`; shim.wat has the same list by byte offset */
enum {
  KIND, WANTED, OPERATION_LEN, REQUEST_LEN, TOP,
  RESPONSE_AT, RESPONSE_LEN, RESPONSE_ROOM, RESPONSE_SET, ERROR_AT, ERROR_LEN, ERROR_ROOM, ERROR_SET,
  CALL_AT, BINDING_LEN, NAMESPACE_LEN, CALL_OPERATION_LEN, PAYLOAD_LEN,
  STATUS, REPLY_LEN, REPLY_ERROR_LEN,
  ANSWER_LIMIT, CALL_LIMIT, FAULT, SIZE, HIGHEST, HEADER_WORDS = 48, DATA = 192
};
enum { TEXT_AT = BINDING_LEN };              /* of what is pending, if it is no host call */
enum { HOST_CALL = 1, GREW = 6 };            /* the other kinds are for Python */
/* What a step gives besides bytes (the answer), a tuple (a host call) and kinds: */
enum { YIELDED = 0, FAILED = -1, GUEST_ERROR = -2, UNSUCCESSFUL = -3, CPU_LIMIT = -4, CLOSED = -5, TOO_LARGE = -6, LAST_ANSWER = -7 };

enum {
  PAGE = 65536,
  KEPT = 1 << 20,        /* bytes of io that stay resident between calls */
  WORN = 16 << 20,       /* a call that moved more leaves a guest whose memory has grown for good: do not use it again */
  INLINE_TICKS = 2,      /* a slice on the event loop's thread ends between one and two ticks */
  LONG_TICKS = 4,        /* a slice this long cannot be interrupted (a bulk instruction): next time on a worker */
  HAND_BACK_TICKS = 4,   /* a worker lets go of a guest after this long if others wait */
  IDLE_TICKS = 25,       /* ticks without a call until the ticker sleeps */
  NAMES = 64, LONGEST_NAME = 48
};

typedef struct { uint8_t kind; uint8_t padding[7]; union { int32_t i32; uint64_t raw[3]; } of; } value;   /* wasmtime_val_t */
typedef struct { void *callback, *env, *finalizer; } continuation;       /* wasmtime_async_continuation_t */

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
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
} Runtime;

typedef struct {
  PyObject_HEAD
  Runtime *runtime;
  PyObject *keep;                         /* what wasmtime borrows: the owners of `function`, `memory` and `busy` */
  uint8_t *io;
  uint32_t *h;
  void *store, *context, *function, *memory, *future, *trap, *error;
  value args[2], result;
  uint64_t seen, cpu_limit_ns, cpu_used_ns;
  size_t request_limit;
  uint32_t *busy;                         /* one word for all instances of a guest: its last slice was long */
  PyObject *payload, *text;               /* an answer that waits for io to grow */
  int status, plain, polling, queued, worn;
  int closed, ready;                      /* closed: atomic */
  uint32_t nothing[HEADER_WORDS];         /* stands in for the header while there is no io */
} Fiber;

#define LOAD(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define STORE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_SEQ_CST)
#define ADD(x, v) __atomic_add_fetch(&(x), (v), __ATOMIC_SEQ_CST)

static uint64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int is_bytes(PyObject *object, const char *what) {
  if (PyBytes_Check(object)) return 1;
  PyErr_Format(PyExc_TypeError, "%s must be bytes, not %R", what, (PyObject *)Py_TYPE(object));
  return 0;
}

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
  if (!r->running) return;
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
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->mutex);
    for (int i = 0; i < NAMES; i++) Py_XDECREF(r->names[i]);
    Py_DECREF(r->engine);
  }
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(r);
  Py_DECREF(type);
}

static PyObject *Runtime_close(Runtime *r, PyObject *Py_UNUSED(none)) {
  stop_ticker(r);
  Py_RETURN_NONE;
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

/* ---- what runs on a fiber */

static _Bool ready(void *fiber) { return ((Fiber *)fiber)->ready != 0; }

static void suspend(void *fiber, void *caller, void *args, size_t nargs, void *results, size_t nresults, void *trap, continuation *c) {
  (void)caller, (void)args, (void)nargs, (void)results, (void)nresults, (void)trap;
  ((Fiber *)fiber)->ready = 0;
  c->callback = (void *)ready;
  c->env = fiber;
  c->finalizer = NULL;
}

/* ---- Fiber */

static void end_future(Fiber *s) {
  void *future = s->future;
  if (!future) return;
  s->future = NULL;
  s->runtime->delete_future(future);
  STORE(s->runtime->live, s->runtime->live - 1);
}

static void drop_parked(Fiber *s) {
  PyObject *payload = s->payload, *text = s->text;
  s->payload = s->text = NULL;
  Py_XDECREF(payload);
  Py_XDECREF(text);
}

static void unqueue(Fiber *s) {
  if (!s->queued) return;
  s->queued = 0;
  ADD(s->runtime->waiting, -1);
}

/* Future first, then store. Only when nobody polls. */
static void release(Fiber *s) {
  unqueue(s);
  end_future(s);
  memset(s->nothing, 0, sizeof s->nothing);
  s->h = s->nothing;                      /* io is about to vanish */
  s->io = NULL;
  if (s->trap) s->runtime->delete_trap(s->trap);
  if (s->error) s->runtime->delete_error(s->error);
  s->trap = s->error = NULL;
  if (s->store) s->runtime->delete_store(s->store);
  s->store = s->context = s->memory = s->function = NULL;
  drop_parked(s);
}

static PyObject *Fiber_close(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (!s->closed) {
    STORE(s->closed, 1);
    if (!s->polling) release(s);          /* else the worker does, at its next tick */
  }
  Py_RETURN_NONE;
}

/* The bytes of io at an offset. The header is ours, yet a wrong one must not become a read of other memory. */
static PyObject *copy(Fiber *s, uint32_t at, uint32_t n) {
  if (!s->io || (uint64_t)at + n > s->h[SIZE]) return PyErr_SetString(PyExc_RuntimeError, "offset outside io"), NULL;
  return PyBytes_FromStringAndSize((const char *)s->io + at, n);
}

static PyObject *host_call(Fiber *s) {
  const uint32_t *h = s->h, *n = h + BINDING_LEN;
  if (!s->io || (uint64_t)h[CALL_AT] + n[0] + n[1] + n[2] + n[3] > h[SIZE])
    return PyErr_SetString(PyExc_RuntimeError, "host call outside io"), NULL;
  const uint8_t *at = s->io + h[CALL_AT];
  PyObject *call = PyTuple_New(4);
  for (int i = 0; call && i < 4; at += n[i++]) {
    PyObject *part = i < 3 ? name(s->runtime, at, n[i]) : PyBytes_FromStringAndSize((const char *)at, n[i]);
    if (!part || PyTuple_SetItem(call, i, part) < 0) Py_CLEAR(call);
  }
  return call;
}

/* Copy the host's answer into io, or park it and tell the shim how much room it wants. */
static void write_reply(Fiber *s, int status, PyObject *payload, PyObject *text) {
  uint32_t *h = s->h;
  size_t n = (size_t)PyBytes_Size(payload), m = (size_t)PyBytes_Size(text), end = h[CALL_AT] + n + m;
  char too_large[96];
  const char *p = PyBytes_AsString(payload), *t = PyBytes_AsString(text);
  if (n + m > h[CALL_LIMIT]) {
    m = (size_t)PyOS_snprintf(too_large, sizeof too_large, "host answer of %zu bytes is larger than %u bytes", n + m, (unsigned)h[CALL_LIMIT]);
    status = 0, n = 0, t = too_large, end = h[CALL_AT] + m;
  }
  if (end > h[SIZE]) {
    Py_INCREF(payload);
    Py_INCREF(text);
    drop_parked(s);
    s->status = status, s->payload = payload, s->text = text;
    h[WANTED] = (uint32_t)(n + m);
    return;
  }
  memcpy(s->io + h[CALL_AT], p, n);
  memcpy(s->io + h[CALL_AT] + n, t, m);
  h[REPLY_LEN] = (uint32_t)n;
  h[REPLY_ERROR_LEN] = (uint32_t)m;
  h[STATUS] = status ? 1 : 0;
  if (end > h[HIGHEST]) h[HIGHEST] = (uint32_t)end;
}

static void answer_parked(Fiber *s) {
  if (s->payload && s->text) {
    PyObject *payload = s->payload, *text = s->text;
    s->payload = s->text = NULL;
    write_reply(s, s->status, payload, text);
    Py_DECREF(payload);
    Py_DECREF(text);
  }
  s->h[KIND] = 0;
  s->ready = 1;
}

/* After a huge call: io cannot shrink, but its pages can be given back. */
static void trim(Fiber *s) {
  uint32_t *h = s->h;
  if (h[HIGHEST] <= KEPT) return;
  if (h[HIGHEST] > WORN) s->worn = 1;
  madvise(s->io + KEPT, h[SIZE] - KEPT, MADV_DONTNEED);
}

static PyObject *finished(Fiber *s) {
  uint32_t *h = s->h;
  PyObject *answer;
  end_future(s);
  drop_parked(s);
  if (s->trap || s->error) return PyLong_FromLong(FAILED);
  if (s->plain) return PyBytes_FromStringAndSize(NULL, 0);
  if (h[ERROR_SET] && h[ERROR_LEN]) return PyLong_FromLong(GUEST_ERROR);
  if (s->result.of.i32 != 1) return PyLong_FromLong(UNSUCCESSFUL);
  if (h[HIGHEST] > WORN) return PyLong_FromLong(LAST_ANSWER);
  answer = copy(s, h[RESPONSE_SET] ? h[RESPONSE_AT] : 0, h[RESPONSE_SET] ? h[RESPONSE_LEN] : 0);
  trim(s);
  return answer;
}

static int over_cpu_limit(Fiber *s) { return s->cpu_limit_ns && s->cpu_used_ns > s->cpu_limit_ns; }

/* What happened, after polls that ended for a reason. */
static PyObject *step(Fiber *s, _Bool done) {
  if (done) return finished(s);
  if (over_cpu_limit(s)) return PyLong_FromLong(CPU_LIMIT);
  return s->h[KIND] == HOST_CALL ? host_call(s) : PyLong_FromLong((long)s->h[KIND]);
}

/* One slice on the caller's thread, which keeps the GIL: between one and two ticks at most, as any bytecode might. */
static PyObject *slice(Fiber *s) {
  Runtime *r = s->runtime;
  _Bool done;
  do {
    uint64_t before = LOAD(r->ticks), began = s->cpu_limit_ns ? now_ns(CLOCK_MONOTONIC) : 0;
    if (s->seen != before) {              /* an idle store would yield at once */
      s->seen = before;
      r->set_deadline(s->context, INLINE_TICKS);
    }
    done = r->poll(s->future);
    if (s->cpu_limit_ns) s->cpu_used_ns += now_ns(CLOCK_MONOTONIC) - began;
    if ((!done && !s->h[KIND]) || LOAD(r->ticks) - before >= LONG_TICKS) *s->busy = 1;
    if (done || s->h[KIND] != GREW) break;
    answer_parked(s);
  } while (1);
  return step(s, done);
}

static int may_run(Fiber *s, int wants_future) {
  if (s->polling || (s->future != NULL) != wants_future || s->context == NULL) {
    PyErr_SetString(PyExc_RuntimeError, s->polling ? "a worker polls this fiber" : wants_future ? "no call is running" : "a call is running");
    return 0;
  }
  return 1;
}

static void clear(Fiber *s, size_t operation_len, size_t request_len) {
  uint32_t *h = s->h;
  memset(h, 0, ANSWER_LIMIT * sizeof *h);
  h[FAULT] = 0;
  h[OPERATION_LEN] = (uint32_t)operation_len;
  h[REQUEST_LEN] = (uint32_t)request_len;
  h[TOP] = h[HIGHEST] = (uint32_t)((DATA + operation_len + request_len + 7) & ~(size_t)7);
  s->cpu_used_ns = 0;
}

/* 1: io holds `end` bytes. 0: it cannot. Only while no future lives. */
static int make_room(Fiber *s, size_t end) {
  uint64_t before;
  if (end <= s->h[SIZE]) return 1;
  uint64_t pages = (end + PAGE - 1) / PAGE - s->h[SIZE] / PAGE;
  void *error = s->runtime->grow_memory(s->context, s->memory, pages, &before);
  if (error) return s->runtime->delete_error(error), 0;
  s->h[SIZE] += (uint32_t)pages * PAGE;
  return 1;
}

static PyObject *begin(Fiber *s, void *function, size_t nargs, size_t nresults) {
  s->plain = nresults == 0;
  s->result.of.i32 = 0;
  s->ready = 0;
  s->future = s->runtime->call_async(s->context, function, s->args, nargs, &s->result, nresults, &s->trap, &s->error);
  if (!s->future) return PyErr_SetString(PyExc_RuntimeError, "wasmtime gave no future"), NULL;
  future_begins(s->runtime);
  return NULL;
}

static PyObject *Fiber_call(Fiber *s, PyObject *const *args, Py_ssize_t nargs) {
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (nargs != 2) return PyErr_SetString(PyExc_TypeError, "call(operation, payload)"), NULL;
  if (!is_bytes(args[0], "operation") || !is_bytes(args[1], "payload") || !may_run(s, 0)) return NULL;
  if (!s->function) return PyErr_SetString(PyExc_RuntimeError, "no function is set"), NULL;
  size_t n = (size_t)PyBytes_Size(args[0]), m = (size_t)PyBytes_Size(args[1]);
  if (n + m > s->request_limit || !make_room(s, DATA + n + m + 8)) return PyLong_FromLong(TOO_LARGE);
  clear(s, n, m);
  memcpy(s->io + DATA, PyBytes_AsString(args[0]), n);
  memcpy(s->io + DATA + n, PyBytes_AsString(args[1]), m);
  s->args[0].of.i32 = (int32_t)n;
  s->args[1].of.i32 = (int32_t)m;
  if (begin(s, s->function, 2, 1), PyErr_Occurred()) return NULL;
  return *s->busy ? PyLong_FromLong(YIELDED) : slice(s);
}

static PyObject *Fiber_run(Fiber *s, PyObject *args) {
  unsigned long long function;
  const char *operation;
  Py_ssize_t n;
  if (!PyArg_ParseTuple(args, "Ky#", &function, &operation, &n)) return NULL;
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (!may_run(s, 0)) return NULL;
  if (!make_room(s, DATA + (size_t)n + 8)) return PyLong_FromLong(TOO_LARGE);
  clear(s, (size_t)n, 0);
  memcpy(s->io + DATA, operation, (size_t)n);
  if (begin(s, (void *)(uintptr_t)function, 0, 0), PyErr_Occurred()) return NULL;
  return slice(s);
}

static PyObject *Fiber_adopt(Fiber *s, PyObject *future) {
  unsigned long long at = PyLong_AsUnsignedLongLong(future);
  if (PyErr_Occurred()) return NULL;
  if (s->closed || !may_run(s, 0) || !at) {
    if (at) s->runtime->delete_future((void *)(uintptr_t)at);
    return PyErr_Occurred() ? NULL : PyLong_FromLong(CLOSED);
  }
  s->future = (void *)(uintptr_t)at;
  s->plain = 1;
  future_begins(s->runtime);
  return slice(s);
}

static PyObject *Fiber_reply(Fiber *s, PyObject *const *args, Py_ssize_t nargs) {
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (nargs != 3) return PyErr_SetString(PyExc_TypeError, "reply(is_ok, payload, error)"), NULL;
  if (!is_bytes(args[1], "payload") || !is_bytes(args[2], "error") || !may_run(s, 1)) return NULL;
  int is_ok = PyObject_IsTrue(args[0]);
  if (is_ok < 0) return NULL;
  if (s->h[KIND] != HOST_CALL) return PyErr_SetString(PyExc_RuntimeError, "no host call is pending"), NULL;
  write_reply(s, is_ok, args[1], args[2]);
  s->h[KIND] = 0;
  s->ready = 1;
  return slice(s);
}

static PyObject *Fiber_resume(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (!may_run(s, 1)) return NULL;
  if (s->h[KIND] == HOST_CALL) return PyErr_SetString(PyExc_RuntimeError, "a host call is pending"), NULL;
  s->h[KIND] = 0;
  s->ready = 1;
  return slice(s);
}

static PyObject *Fiber_queue(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (!s->closed && !s->queued) {
    s->queued = 1;
    ADD(s->runtime->waiting, 1);
  }
  Py_RETURN_NONE;
}

/* Without the GIL: poll until done, something is pending, the CPU limit, or nobody wants it any more. */
static _Bool spin(Fiber *s, uint64_t began) {
  Runtime *r = s->runtime;
  uint64_t used = s->cpu_used_ns, cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
  _Bool done;
  do {
    done = r->poll(s->future);
    s->cpu_used_ns = used + now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    if (done || s->h[KIND] || over_cpu_limit(s)) break;
    if (LOAD(r->waiting) > 0 && LOAD(r->ticks) - began > HAND_BACK_TICKS) break;
  } while (!LOAD(s->closed));
  return done;
}

static PyObject *Fiber_spin(Fiber *s, PyObject *Py_UNUSED(none)) {
  _Bool done;
  unqueue(s);
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (!may_run(s, 1)) return NULL;
  uint64_t began = LOAD(s->runtime->ticks);
  s->polling = 1;
  do {
    Py_BEGIN_ALLOW_THREADS
    done = spin(s, began);
    Py_END_ALLOW_THREADS
    if (done || s->closed || s->h[KIND] != GREW) break;
    answer_parked(s);
  } while (1);
  s->polling = 0;
  if (s->closed) return release(s), PyLong_FromLong(CLOSED);
  if ((done || s->h[KIND]) && LOAD(s->runtime->ticks) - began < 1) *s->busy = 0;
  return step(s, done);
}

static PyObject *Fiber_text(Fiber *s, PyObject *Py_UNUSED(none)) { return copy(s, s->h[TEXT_AT], s->h[PAYLOAD_LEN]); }
static PyObject *Fiber_error_text(Fiber *s, PyObject *Py_UNUSED(none)) {
  PyObject *text = copy(s, s->h[ERROR_AT], s->h[ERROR_LEN]);
  if (text) trim(s);
  return text;
}
static PyObject *Fiber_answer(Fiber *s, PyObject *Py_UNUSED(none)) {
  return copy(s, s->h[RESPONSE_SET] ? s->h[RESPONSE_AT] : 0, s->h[RESPONSE_SET] ? s->h[RESPONSE_LEN] : 0);
}
static PyObject *Fiber_read(Fiber *s, PyObject *args) {
  unsigned int at, n;
  return PyArg_ParseTuple(args, "II", &at, &n) ? copy(s, at, n) : NULL;
}

/* Trap and error of the last step, now the caller's to delete. */
static PyObject *Fiber_take_failure(Fiber *s, PyObject *Py_UNUSED(none)) {
  unsigned long long trap = (uintptr_t)s->trap, error = (uintptr_t)s->error;
  s->trap = s->error = NULL;
  return Py_BuildValue("(KK)", trap, error);
}

static PyObject *Fiber_set_io(Fiber *s, PyObject *args) {
  unsigned long long io, memory, seed;
  unsigned int size, answer_limit, call_limit;
  if (!PyArg_ParseTuple(args, "KKIIIK", &io, &memory, &size, &answer_limit, &call_limit, &seed)) return NULL;
  if (s->closed || s->future || !io) return PyErr_SetString(PyExc_RuntimeError, "closed, or a call is running"), NULL;
  s->io = (uint8_t *)(uintptr_t)io;
  s->h = (uint32_t *)(uintptr_t)io;
  s->memory = (void *)(uintptr_t)memory;
  s->h[SIZE] = size;
  clear(s, 0, 0);
  s->h[ANSWER_LIMIT] = answer_limit;
  s->h[CALL_LIMIT] = call_limit;
  memcpy(s->io + 120, &seed, sizeof seed);
  Py_RETURN_NONE;
}

static PyObject *Fiber_set_function(Fiber *s, PyObject *function) {
  unsigned long long at = PyLong_AsUnsignedLongLong(function);
  if (PyErr_Occurred()) return NULL;
  s->function = (void *)(uintptr_t)at;
  Py_RETURN_NONE;
}

static int Fiber_init(Fiber *s, PyObject *args, PyObject *Py_UNUSED(kwargs)) {
  unsigned long long store, context, busy, request_limit, cpu_limit_ns;
  PyObject *runtime, *keep, *module;
  if (s->runtime) return PyErr_SetString(PyExc_RuntimeError, "a Fiber is made once"), -1;
  if (!PyArg_ParseTuple(args, "OKKKKKO", &runtime, &store, &context, &busy, &request_limit, &cpu_limit_ns, &keep)) return -1;
  module = PyType_GetModule(Py_TYPE((PyObject *)s));
  PyObject *runtime_type = module ? PyObject_GetAttrString(module, "Runtime") : NULL;
  int fits = runtime_type ? PyObject_IsInstance(runtime, runtime_type) : -1;
  Py_XDECREF(runtime_type);
  if (fits < 0) return -1;
  if (!fits) return PyErr_SetString(PyExc_TypeError, "the first argument must be a Runtime"), -1;
  if (!store || !context || !busy) return PyErr_SetString(PyExc_ValueError, "store, context and busy must not be zero"), -1;
  Py_INCREF(runtime);
  Py_INCREF(keep);
  s->runtime = (Runtime *)runtime;
  s->keep = keep;
  s->store = (void *)(uintptr_t)store;
  s->context = (void *)(uintptr_t)context;
  s->busy = (uint32_t *)(uintptr_t)busy;
  s->request_limit = (size_t)request_limit;
  s->cpu_limit_ns = cpu_limit_ns;
  s->h = s->nothing;
  return 0;
}

static void Fiber_dealloc(Fiber *s) {
  PyTypeObject *type = Py_TYPE((PyObject *)s);
  if (s->runtime) {
    release(s);
    Py_DECREF(s->runtime);
    Py_DECREF(s->keep);
  }
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(s);
  Py_DECREF(type);
}

static PyObject *Fiber_trap_at(Fiber *s, void *Py_UNUSED(none)) { return PyLong_FromVoidPtr(&s->trap); }
static PyObject *Fiber_error_at(Fiber *s, void *Py_UNUSED(none)) { return PyLong_FromVoidPtr(&s->error); }
static PyObject *Fiber_self_at(Fiber *s, void *Py_UNUSED(none)) { return PyLong_FromVoidPtr(s); }
static PyObject *Fiber_fault(Fiber *s, void *Py_UNUSED(none)) { return PyLong_FromUnsignedLong(s->h[FAULT]); }
static PyObject *Fiber_closed(Fiber *s, void *Py_UNUSED(none)) { return PyBool_FromLong(s->closed); }
static PyObject *Fiber_worn(Fiber *s, void *Py_UNUSED(none)) { return PyBool_FromLong(s->worn); }
static PyObject *Fiber_cpu_used_ns(Fiber *s, void *Py_UNUSED(none)) { return PyLong_FromUnsignedLongLong(s->cpu_used_ns); }

/* ---- the module */

#define METHOD(type, name, flags) {#name, (PyCFunction)(void (*)(void))type##_##name, flags, NULL}
#define GETTER(type, name) {#name, (getter)type##_##name, NULL, NULL, NULL}

static PyMethodDef runtime_methods[] = {METHOD(Runtime, close, METH_NOARGS), {NULL, NULL, 0, NULL}};
static PyGetSetDef runtime_getters[] = {
  GETTER(Runtime, ticks), GETTER(Runtime, live), GETTER(Runtime, waiting), GETTER(Runtime, asleep), {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot runtime_slots[] = {
  {Py_tp_new, PyType_GenericNew}, {Py_tp_init, Runtime_init}, {Py_tp_dealloc, Runtime_dealloc},
  {Py_tp_methods, runtime_methods}, {Py_tp_getset, runtime_getters}, {0, NULL}};
static PyType_Spec runtime_spec = {"tarmac_core.wapc._fiber.Runtime", sizeof(Runtime), 0, Py_TPFLAGS_DEFAULT, runtime_slots};

static PyMethodDef fiber_methods[] = {
  METHOD(Fiber, call, METH_FASTCALL), METHOD(Fiber, reply, METH_FASTCALL), METHOD(Fiber, resume, METH_NOARGS),
  METHOD(Fiber, run, METH_VARARGS), METHOD(Fiber, adopt, METH_O), METHOD(Fiber, queue, METH_NOARGS),
  METHOD(Fiber, spin, METH_NOARGS), METHOD(Fiber, text, METH_NOARGS), METHOD(Fiber, error_text, METH_NOARGS),
  METHOD(Fiber, answer, METH_NOARGS), METHOD(Fiber, read, METH_VARARGS), METHOD(Fiber, take_failure, METH_NOARGS),
  METHOD(Fiber, set_io, METH_VARARGS), METHOD(Fiber, set_function, METH_O), METHOD(Fiber, close, METH_NOARGS),
  {NULL, NULL, 0, NULL}};
static PyGetSetDef fiber_getters[] = {
  GETTER(Fiber, trap_at), GETTER(Fiber, error_at), GETTER(Fiber, self_at), GETTER(Fiber, fault), GETTER(Fiber, closed),
  GETTER(Fiber, worn), GETTER(Fiber, cpu_used_ns), {NULL, NULL, NULL, NULL, NULL}};
static PyType_Slot fiber_slots[] = {
  {Py_tp_new, PyType_GenericNew}, {Py_tp_init, Fiber_init}, {Py_tp_dealloc, Fiber_dealloc},
  {Py_tp_methods, fiber_methods}, {Py_tp_getset, fiber_getters}, {0, NULL}};
static PyType_Spec fiber_spec = {"tarmac_core.wapc._fiber.Fiber", sizeof(Fiber), 0, Py_TPFLAGS_DEFAULT, fiber_slots};

static int add_type(PyObject *module, PyType_Spec *spec) {
  PyObject *type = PyType_FromModuleAndSpec(module, spec, NULL);
  if (!type) return -1;
  int result = PyModule_AddType(module, (PyTypeObject *)type);
  Py_DECREF(type);
  return result;
}

static int exec(PyObject *module) {
  static const struct { const char *name; long value; } constants[] = {
    {"YIELDED", YIELDED}, {"FAILED", FAILED}, {"GUEST_ERROR", GUEST_ERROR}, {"UNSUCCESSFUL", UNSUCCESSFUL},
    {"CPU_LIMIT", CPU_LIMIT}, {"CLOSED", CLOSED}, {"TOO_LARGE", TOO_LARGE}, {"LAST_ANSWER", LAST_ANSWER},
    {"VALUE_BYTES", sizeof(value)}, {"POINTER_BYTES", sizeof(void *)}};
  if (add_type(module, &runtime_spec) < 0 || add_type(module, &fiber_spec) < 0) return -1;
  for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
    if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0) return -1;
  PyObject *at = PyLong_FromVoidPtr((void *)suspend);
  int result = at ? PyModule_AddObjectRef(module, "SUSPEND", at) : -1;
  Py_XDECREF(at);
  return result;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, exec}, {0, NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_fiber", NULL, 0, NULL, slots, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__fiber(void) { return PyModuleDef_Init(&definition); }
