/* What _fiber.c, shim.wat and wasmtime agree on, and the few helpers that all parts of the extension use. */
#ifndef TARMAC_LAYOUT_H
#define TARMAC_LAYOUT_H
#define Py_LIMITED_API 0x030b0000
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <Python.h>
/* Built with the headers of any Python from 3.11, it must run on 3.11. Two things do not carry over in CPython: Py_RETURN_NONE
 * of 3.12 takes None for immortal (write Py_NewRef(Py_None)), and "#" formats lose PY_SSIZE_T_CLEAN from 3.13 on (take O). */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

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
  KEPT = 4 << 20,        /* bytes of io that stay resident between calls: giving them back costs as much as copying */
  WORN = 16 << 20,       /* a call that moved more leaves a guest whose memory has grown for good: do not use it again */
  INLINE_TICKS = 2,      /* a slice on the event loop's thread ends between one and two ticks */
  LONG_TICKS = 4,        /* a slice this long cannot be interrupted (a bulk instruction): next time on a worker */
  HAND_BACK_TICKS = 4,   /* a worker lets go of a guest after this long if others wait */
  IDLE_TICKS = 25,       /* ticks without a call until the ticker sleeps */
  LONGEST_TEXT = 65536,  /* names of a call or of a host call, and the error text of the host */
  NAMES = 64, LONGEST_NAME = 48
};

typedef struct { uint8_t kind; uint8_t padding[7]; union { int32_t i32; uint64_t raw[3]; } of; } value;   /* wasmtime_val_t */
typedef struct { void *callback, *env, *finalizer; } continuation;       /* wasmtime_async_continuation_t */

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
#endif
