/* A guest's call as one step: write the request into `io`, start the fiber, poll it, copy the answer out; read a host call,
 * answer it. And the ticker that lets a guest which computes give way.
 *
 * No Python runs on a fiber: the host function that shim.wat calls (`suspend`) and the question whether it may go on (`ready`)
 * are here. Nothing is linked to wasmtime: `Runtime` is handed the addresses of the few functions it needs. All fields are
 * guarded by the GIL but for those marked atomic; only `Fiber.spin`, on a worker thread, polls without it. */
#include "_step.h"

static PyObject *Fiber_close(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (!s->closed) {
    STORE(s->closed, 1);
    if (!s->polling) release(s);          /* else the worker does, at its next tick */
  }
  return Py_NewRef(Py_None);
}

static PyObject *Fiber_call(Fiber *s, PyObject *const *args, Py_ssize_t nargs) {
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (nargs != 2) return PyErr_SetString(PyExc_TypeError, "call(operation, payload)"), NULL;
  if (!is_bytes(args[0], "operation") || !is_bytes(args[1], "payload") || !may_run(s, 0)) return NULL;
  if (!s->function) return PyErr_SetString(PyExc_RuntimeError, "no function is set"), NULL;
  size_t n = (size_t)PyBytes_Size(args[0]), m = (size_t)PyBytes_Size(args[1]);
  if (n > LONGEST_TEXT || m > s->request_limit || !make_room(s, DATA + n + m + 8)) return PyLong_FromLong(TOO_LARGE);
  clear(s, n, m);
  memcpy(s->io + DATA, PyBytes_AsString(args[0]), n);
  memcpy(s->io + DATA + n, PyBytes_AsString(args[1]), m);
  s->args[0].of.i32 = (int32_t)n;
  s->args[1].of.i32 = (int32_t)m;
  if (begin(s, s->function, 2, 1), PyErr_Occurred()) return NULL;
  return go_on(s);
}

static PyObject *Fiber_run(Fiber *s, PyObject *args) {
  unsigned long long function;
  PyObject *operation;
  if (!PyArg_ParseTuple(args, "KO", &function, &operation) || !is_bytes(operation, "operation")) return NULL;
  size_t n = (size_t)PyBytes_Size(operation);
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (!may_run(s, 0)) return NULL;
  if (!make_room(s, DATA + n + 8)) return PyLong_FromLong(TOO_LARGE);
  clear(s, n, 0);
  memcpy(s->io + DATA, PyBytes_AsString(operation), n);
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
  return go_on(s);
}

static PyObject *Fiber_resume(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (s->closed) return PyLong_FromLong(CLOSED);
  if (!may_run(s, 1)) return NULL;
  if (s->h[KIND] == HOST_CALL) return PyErr_SetString(PyExc_RuntimeError, "a host call is pending"), NULL;
  s->h[KIND] = 0;
  s->ready = 1;
  return go_on(s);
}

static PyObject *Fiber_queue(Fiber *s, PyObject *Py_UNUSED(none)) {
  if (!s->closed && !s->queued) {
    s->queued = 1;
    ADD(s->runtime->waiting, 1);
  }
  return Py_NewRef(Py_None);
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
  return Py_NewRef(Py_None);
}

static PyObject *Fiber_set_function(Fiber *s, PyObject *function) {
  unsigned long long at = PyLong_AsUnsignedLongLong(function);
  if (PyErr_Occurred()) return NULL;
  s->function = (void *)(uintptr_t)at;
  return Py_NewRef(Py_None);
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
