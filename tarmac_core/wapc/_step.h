/* One call from step to step, and what of it runs on the guest's own stack. */
#ifndef TARMAC_STEP_H
#define TARMAC_STEP_H
#include "_runtime.h"

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
  size_t n = (size_t)PyBytes_Size(payload), m = (size_t)PyBytes_Size(text), end;
  char too_large[96];
  const char *p = PyBytes_AsString(payload), *t = PyBytes_AsString(text);
  if (m > LONGEST_TEXT)                   /* cut it, between two characters of UTF-8 */
    for (m = LONGEST_TEXT; m && (t[m] & 0xC0) == 0x80; m--) {}
  if (n > h[CALL_LIMIT]) {
    m = (size_t)PyOS_snprintf(too_large, sizeof too_large, "host answer of %zu bytes is larger than %u bytes", n, (unsigned)h[CALL_LIMIT]);
    status = 0, n = 0, t = too_large;
  }
  end = h[CALL_AT] + n + m;
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
  if (s->result.of.i32 != 1) return trim(s), PyLong_FromLong(UNSUCCESSFUL);
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

/* What computes long goes to a worker at once, or many that are answered in one turn would hold the loop for a slice each. */
static PyObject *go_on(Fiber *s) { return *s->busy ? PyLong_FromLong(YIELDED) : slice(s); }

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
#endif
