;; Instantiated last, once per store: what the guest's imports do. It copies between the guest's memory and `io`. Only this
;; module and the host write `io`, so the host may trust the offsets and lengths in its header. Every length is added up in 64
;; bits and compared with its limit before anything is copied; a pointer outside the guest's memory traps in memory.copy.
;; When a limit is broken, `fault` says which one and the call ends in `unreachable`.
;;
;; Header of `io`, one u32 at each byte offset; _fiber.c has the same list:
;;    0 kind of what is pending: 1 host call, 2 console line, 3 abort, 4 sleep, 5 trace, 6 io has grown, 7 stdout, 8 stderr
;;    4 bytes that the host's answer wants (0: it fits)        8 operation length   12 payload length   16 top: first free byte
;;   20 response: offset, 24 length, 28 room, 32 is set        36 error: offset, 40 length, 44 room, 48 is set
;;   52 pending: offset, 56 binding, 60 namespace, 64 operation, 68 payload lengths
;;   72 status of the host's answer, 76 its payload's length, 80 its error text's length
;;   84 most bytes of an answer   88 most bytes of a host call's payload   92 fault   96 size of io   100 highest byte used
;;   104, 108 two small numbers of what is pending   112 u64 nanoseconds   120 u64 state of seed   128..167 five f64 of trace
;;   192 data: operation, payload, and from `top` on answers and host calls
(module
  (import "t" "table" (table 16 16 funcref))
  (import "t" "io" (memory $io 2 {IO_PAGES}))
  (import "guest" "memory" (memory $g 0))
  (import "host" "call" (func $host))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (export "memory" (memory $g))                                        ;; where WASI writes what this module asks for
  (elem (table 0) (i32.const 0) func $request $response $error $host_call $response_len $response_copy $error_len $error_copy
    $console $abort $trace $seed $poll $fd_write $poll_unstable $random)

  (func $suspend (param $kind i32)
    (i32.store $io (i32.const 0) (local.get $kind))
    (call $host))
  (func $fault (param $code i32) (i32.store $io (i32.const 92) (local.get $code)) unreachable)
  (func $ensure (param $end i64) (local $pages i32)
    (if (i64.gt_u (local.get $end) (i64.const 0xfffe0000)) (then (call $fault (i32.const 3))))
    (if (i64.gt_u (local.get $end) (i64.extend_i32_u (i32.load $io (i32.const 96)))) (then
      (local.set $pages (i32.sub (i32.wrap_i64 (i64.shr_u (i64.add (local.get $end) (i64.const 65535)) (i64.const 16)))
                                 (memory.size $io)))
      (if (i32.eq (memory.grow $io (local.get $pages)) (i32.const -1)) (then (call $fault (i32.const 3))))
      (i32.store $io (i32.const 96) (i32.shl (memory.size $io) (i32.const 16)))))
    (if (i32.gt_u (i32.wrap_i64 (local.get $end)) (i32.load $io (i32.const 100)))
      (then (i32.store $io (i32.const 100) (i32.wrap_i64 (local.get $end))))))

  (func $request (param $op i32) (param $payload i32)
    (memory.copy $g $io (local.get $op) (i32.const 192) (i32.load $io (i32.const 8)))
    (memory.copy $g $io (local.get $payload) (i32.add (i32.const 192) (i32.load $io (i32.const 8))) (i32.load $io (i32.const 12))))

  ;; Where the next answer may start: behind the last host call's answer too, which the guest may still want to read.
  (func $free (result i32) (local $end i32)
    (local.set $end (i32.load $io (i32.const 16)))
    (if (i32.load $io (i32.const 52)) (then
      (local.set $end (i32.and (i32.const -8) (i32.add (i32.const 7) (i32.add (i32.load $io (i32.const 52))
        (i32.add (i32.load $io (i32.const 76)) (i32.load $io (i32.const 80)))))))
      (if (i32.lt_u (local.get $end) (i32.load $io (i32.const 16))) (then (local.set $end (i32.load $io (i32.const 16)))))))
    (local.get $end))
  ;; $slot is 20 (response) or 36 (error). A later answer replaces an earlier one, in its place if it fits there.
  (func $answer (param $p i32) (param $n i32) (param $slot i32) (local $at i32)
    (if (i32.gt_u (local.get $n) (i32.load $io (i32.const 84))) (then (call $fault (i32.const 1))))
    (local.set $at (i32.load $io (local.get $slot)))
    (if (i32.or (i32.eqz (local.get $at)) (i32.gt_u (local.get $n) (i32.load $io offset=8 (local.get $slot)))) (then
      ;; the last thing in io may grow where it is
      (if (i32.or (i32.eqz (local.get $at)) (i32.ne (call $free)
            (i32.add (local.get $at) (i32.load $io offset=8 (local.get $slot)))))
        (then (local.set $at (call $free))))
      (call $ensure (i64.add (i64.extend_i32_u (local.get $at)) (i64.add (i64.extend_i32_u (local.get $n)) (i64.const 8))))
      (i32.store $io (local.get $slot) (local.get $at))
      (i32.store $io offset=8 (local.get $slot) (i32.and (i32.const -8) (i32.add (i32.const 7) (local.get $n))))
      (i32.store $io (i32.const 16) (i32.add (local.get $at) (i32.load $io offset=8 (local.get $slot))))))
    (memory.copy $io $g (local.get $at) (local.get $p) (local.get $n))
    (i32.store $io offset=4 (local.get $slot) (local.get $n))
    (i32.store $io offset=12 (local.get $slot) (i32.const 1)))
  (func $response (param i32 i32) (call $answer (local.get 0) (local.get 1) (i32.const 20)))
  (func $error (param i32 i32) (call $answer (local.get 0) (local.get 1) (i32.const 36)))

  (func $host_call (param $bp i32) (param $bl i32) (param $np i32) (param $nl i32) (param $op i32) (param $ol i32)
      (param $pp i32) (param $pl i32) (result i32) (local $at i32) (local $sum i64)
    (local.set $sum (i64.add (i64.add (i64.extend_i32_u (local.get $bl)) (i64.extend_i32_u (local.get $nl)))
                             (i64.add (i64.extend_i32_u (local.get $ol)) (i64.extend_i32_u (local.get $pl)))))
    (if (i32.gt_u (local.get $pl) (i32.load $io (i32.const 88))) (then (call $fault (i32.const 2))))
    (if (i64.gt_u (i64.sub (local.get $sum) (i64.extend_i32_u (local.get $pl))) (i64.const 65536)) (then (call $fault (i32.const 4))))
    (local.set $at (i32.load $io (i32.const 16)))
    (call $ensure (i64.add (i64.extend_i32_u (local.get $at)) (local.get $sum)))
    (i32.store $io (i32.const 52) (local.get $at))
    (i32.store $io (i32.const 56) (local.get $bl))
    (i32.store $io (i32.const 60) (local.get $nl))
    (i32.store $io (i32.const 64) (local.get $ol))
    (i32.store $io (i32.const 68) (local.get $pl))
    (i64.store $io (i32.const 76) (i64.const 0))
    (memory.copy $io $g (local.get $at) (local.get $bp) (local.get $bl))
    (local.set $at (i32.add (local.get $at) (local.get $bl)))
    (memory.copy $io $g (local.get $at) (local.get $np) (local.get $nl))
    (local.set $at (i32.add (local.get $at) (local.get $nl)))
    (memory.copy $io $g (local.get $at) (local.get $op) (local.get $ol))
    (local.set $at (i32.add (local.get $at) (local.get $ol)))
    (memory.copy $io $g (local.get $at) (local.get $pp) (local.get $pl))
    (call $suspend (i32.const 1))
    (if (i32.load $io (i32.const 4)) (then                             ;; the answer did not fit: make room, ask again
      (call $ensure (i64.add (i64.extend_i32_u (i32.load $io (i32.const 52))) (i64.extend_i32_u (i32.load $io (i32.const 4)))))
      (i32.store $io (i32.const 4) (i32.const 0))
      (call $suspend (i32.const 6))))
    (i32.load $io (i32.const 72)))
  (func $response_len (result i32) (i32.load $io (i32.const 76)))
  (func $error_len (result i32) (i32.load $io (i32.const 80)))
  (func $response_copy (param $p i32)
    (memory.copy $g $io (local.get $p) (i32.load $io (i32.const 52)) (call $response_len)))
  (func $error_copy (param $p i32)
    (memory.copy $g $io (local.get $p) (i32.add (i32.load $io (i32.const 52)) (i32.load $io (i32.const 76))) (call $error_len)))

  ;; Text for the host, at most 64 KiB a time. It goes behind the last host call's answer and leaves the header's words of that
  ;; answer alone, but for the lengths of the names, which nobody reads any more.
  (func $say (param $kind i32) (param $p i32) (param $n i32)
    (call $put (call $free) (local.get $p) (local.get $n))
    (call $suspend (local.get $kind)))
  (func $put (param $at i32) (param $p i32) (param $n i32)
    (if (i32.gt_u (local.get $n) (i32.const 65536)) (then (local.set $n (i32.const 65536))))
    (call $ensure (i64.add (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $n))))
    (memory.copy $io $g (local.get $at) (local.get $p) (local.get $n))
    (i32.store $io (i32.const 56) (local.get $at))
    (i32.store $io (i32.const 68) (local.get $n)))
  (func $console (param i32 i32) (call $say (i32.const 2) (local.get 0) (local.get 1)))

  ;; A string of AssemblyScript: UTF-16, its length in bytes stands before it.
  (func $string_len (param $p i32) (result i32)
    (if (result i32) (local.get $p) (then (i32.load $g (i32.sub (local.get $p) (i32.const 4)))) (else (i32.const 0))))
  (func $abort (param $message i32) (param $file i32) (param $line i32) (param $column i32) (local $n i32)
    (i32.store $io (i32.const 104) (local.get $line))
    (i32.store $io (i32.const 108) (local.get $column))
    (call $put (call $free) (local.get $message) (call $string_len (local.get $message)))
    (local.set $n (i32.load $io (i32.const 68)))
    (call $put (i32.add (i32.load $io (i32.const 56)) (local.get $n)) (local.get $file) (call $string_len (local.get $file)))
    (i32.store $io (i32.const 60) (local.get $n))                      ;; the message's share of the text
    (i32.store $io (i32.const 56) (i32.sub (i32.load $io (i32.const 56)) (local.get $n)))
    (i32.store $io (i32.const 68) (i32.add (i32.load $io (i32.const 68)) (local.get $n)))
    (call $suspend (i32.const 3))
    unreachable)
  (func $trace (param $message i32) (param $count i32) (param $a f64) (param $b f64) (param $c f64) (param $d f64) (param $e f64)
    (i32.store $io (i32.const 104) (local.get $count))
    (f64.store $io (i32.const 128) (local.get $a))
    (f64.store $io (i32.const 136) (local.get $b))
    (f64.store $io (i32.const 144) (local.get $c))
    (f64.store $io (i32.const 152) (local.get $d))
    (f64.store $io (i32.const 160) (local.get $e))
    (call $say (i32.const 5) (local.get $message) (call $string_len (local.get $message))))
  ;; splitmix64 from a random start: eight random bytes, read as a float.
  (func $seed (result f64) (local $z i64)
    (local.set $z (i64.add (i64.load $io (i32.const 120)) (i64.const 0x9e3779b97f4a7c15)))
    (i64.store $io (i32.const 120) (local.get $z))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30))) (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27))) (i64.const 0x94d049bb133111eb)))
    (f64.reinterpret_i64 (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 31)))))

  ;; WASI poll_oneoff for clocks, as a suspension: wasmtime's own sleeps in the calling thread. The earliest of the clocks that
  ;; are measured like the first one is waited for. Without any clock: ENOTSUP. In `wasi_unstable` ($extra 8) a subscription has
  ;; eight bytes more, before the clock's fields.
  (func $poll (param i32 i32 i32 i32) (result i32)
    (call $poll_clocks (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0)))
  (func $poll_unstable (param i32 i32 i32 i32) (result i32)
    (call $poll_clocks (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 8)))
  (func $poll_clocks (param $in i32) (param $out i32) (param $n i32) (param $nout i32) (param $extra i32) (result i32)
      (local $i i32) (local $found i32) (local $user i64) (local $clock i32) (local $flags i32) (local $ns i64) (local $at i32)
    (if (i32.eqz (local.get $n)) (then (return (i32.const 28))))                      ;; EINVAL
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (local.get $n)))
      (if (i32.eqz (i32.load8_u $g offset=8 (local.get $in))) (then
        (local.set $at (i32.add (local.get $in) (local.get $extra)))
        (if (i32.or (i32.eqz (local.get $found)) (i32.and
              (i32.and (i32.eq (i32.load $g offset=16 (local.get $at)) (local.get $clock))
                       (i32.eq (i32.load16_u $g offset=40 (local.get $at)) (local.get $flags)))
              (i64.lt_u (i64.load $g offset=24 (local.get $at)) (local.get $ns)))) (then
          (local.set $found (i32.const 1))
          (local.set $user (i64.load $g (local.get $in)))
          (local.set $clock (i32.load $g offset=16 (local.get $at)))
          (local.set $ns (i64.load $g offset=24 (local.get $at)))
          (local.set $flags (i32.load16_u $g offset=40 (local.get $at)))))))
      (local.set $in (i32.add (local.get $in) (i32.add (i32.const 48) (local.get $extra))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (if (i32.eqz (local.get $found)) (then (return (i32.const 58))))                  ;; ENOTSUP
    (i32.store $io (i32.const 104) (local.get $clock))
    (i32.store $io (i32.const 108) (local.get $flags))                                ;; 1: an absolute time
    (i64.store $io (i32.const 112) (local.get $ns))
    (call $suspend (i32.const 4))
    (i64.store $g (local.get $out) (local.get $user))                                 ;; no error; a clock
    (i64.store $g offset=8 (local.get $out) (i64.const 0))
    (i64.store $g offset=16 (local.get $out) (i64.const 0))
    (i64.store $g offset=24 (local.get $out) (i64.const 0))
    (i32.store $g (local.get $nout) (i32.const 1))
    (i32.const 0))

  ;; WASI random_get in pieces of 64 KiB: wasmtime's own takes 200 ms for 64 MiB and cannot be interrupted.
  (func $random (param $p i32) (param $n i32) (result i32) (local $some i32) (local $errno i32)
    (block $end (loop $next
      (local.set $some (select (i32.const 65536) (local.get $n) (i32.gt_u (local.get $n) (i32.const 65536))))
      (br_if $end (local.tee $errno (call $random_get (local.get $p) (local.get $some))))
      (local.set $p (i32.add (local.get $p) (local.get $some)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (local.get $some))))))
    (local.get $errno))

  ;; WASI fd_write for stdout and stderr: a write may be short, so 64 KiB are taken and the guest comes again for the rest.
  (func $fd_write (param $fd i32) (param $iovs i32) (param $n i32) (param $nout i32) (result i32)
      (local $start i32) (local $at i32) (local $len i32) (local $room i32)
    (if (i32.gt_u (i32.sub (local.get $fd) (i32.const 1)) (i32.const 1)) (then (return (i32.const 8))))
    (local.set $start (call $free))
    (local.set $at (local.get $start))
    (local.set $room (i32.const 65536))
    (block $end (loop $next
      (br_if $end (i32.or (i32.eqz (local.get $n)) (i32.eqz (local.get $room))))
      (local.set $len (i32.load $g offset=4 (local.get $iovs)))
      (if (i32.gt_u (local.get $len) (local.get $room)) (then (local.set $len (local.get $room))))
      (call $put (local.get $at) (i32.load $g (local.get $iovs)) (local.get $len))
      (local.set $at (i32.add (local.get $at) (local.get $len)))
      (local.set $room (i32.sub (local.get $room) (local.get $len)))
      (local.set $iovs (i32.add (local.get $iovs) (i32.const 8)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br $next)))
    (i32.store $io (i32.const 56) (local.get $start))
    (i32.store $io (i32.const 68) (i32.sub (local.get $at) (local.get $start)))
    (i32.store $g (local.get $nout) (i32.sub (local.get $at) (local.get $start)))
    (call $suspend (i32.add (local.get $fd) (i32.const 6)))
    (i32.const 0)))
