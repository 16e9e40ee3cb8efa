"""What a fiber stops for, between `_fiber.c`, `shim.wat` and Python.

A step is bytes (done; of a call, the answer), a tuple (a host call: binding, namespace, operation, payload), or a number: one
of the negative ones of `_fiber`, `_fiber.YIELDED`, or a kind below, all of them pending until `Fiber.resume`.
"""

from typing import Final

Step = bytes | tuple[bytes, bytes, bytes, bytes] | int

CONSOLE: Final = 2
ABORT: Final = 3
SLEEP: Final = 4
TRACE: Final = 5
STDOUT: Final = 7
STDERR: Final = 8

# byte offsets in the header of `io`, see shim.wat
MESSAGE_LEN_AT: Final = 60
NUMBERS_AT: Final = 104
NANOSECONDS_AT: Final = 112
FLOATS_AT: Final = 128
IO_START_BYTES: Final = 2 * 65536
IO_SLACK_BYTES: Final = 1 << 20
FAULT_ANSWER: Final = 1
FAULT_HOST_CALL: Final = 2
FAULT_IO: Final = 3
FAULT_NAMES: Final = 4
LONGEST_NAMES_BYTES: Final = 65536
