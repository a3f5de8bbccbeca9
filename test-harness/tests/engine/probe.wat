(module
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $get_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_pairs" (func $get_pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_set_header_map_pairs" (func $set_pairs (param i32 i32 i32) (result i32)))
  (import "env" "proxy_add_header_map_value" (func $add_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_replace_header_map_value" (func $set_header (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_remove_header_map_value" (func $remove_header (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_buffer_bytes" (func $get_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_buffer_bytes" (func $set_buffer (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_get_property" (func $get_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_property" (func $set_property (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_continue_stream" (func $continue (param i32) (result i32)))
  (import "env" "proxy_close_stream" (func $close (param i32) (result i32)))
  (import "env" "proxy_get_shared_data" (func $get_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set_shared (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_define_metric" (func $define_metric (param i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_increment_metric" (func $increment (param i32 i64) (result i32)))
  (import "env" "proxy_record_metric" (func $record (param i32 i64) (result i32)))
  (import "env" "proxy_get_metric" (func $get_metric (param i32 i32) (result i32)))
  (import "env" "proxy_set_tick_period_milliseconds" (func $tick_period (param i32) (result i32)))
  (import "env" "proxy_http_call" (func $http_call (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_effective_context" (func $effective (param i32) (result i32)))
  (import "env" "proxy_get_current_time_nanoseconds" (func $now (param i32) (result i32)))
  (import "env" "proxy_register_shared_queue" (func $queue_register (param i32 i32 i32) (result i32)))
  (import "env" "proxy_enqueue_shared_queue" (func $enqueue (param i32 i32 i32) (result i32)))
  (import "env" "proxy_dequeue_shared_queue" (func $dequeue (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 64)
  ;; 0..32: results of host calls. 32: remembered context id. 64..4096: line being built. Then strings, then heap.
  (data (i32.const $STRINGS$) "$DATA$")
  (global $heap (mut i32) (i32.const 262144))
  (global $end (mut i32) (i32.const 0))

  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param $size i32) (result i32) (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 7)) (i32.const -8)))
    (local.get $at))

  (func $clear (i64.store (i32.const 0) (i64.const 0)))

  (func $append (param $from i32) (param $size i32)
    (memory.copy (global.get $end) (local.get $from) (local.get $size))
    (global.set $end (i32.add (global.get $end) (local.get $size))))
  (func $append_byte (param $byte i32)
    (i32.store8 (global.get $end) (local.get $byte))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))
  (func $append_number (param $number i32)
    (if (i32.ge_u (local.get $number) (i32.const 10))
      (then (call $append_number (i32.div_u (local.get $number) (i32.const 10)))))
    (call $append_byte (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))
  (func $begin (param $label i32) (param $size i32) (param $status i32)
    (global.set $end (i32.const 64))
    (call $append (local.get $label) (local.get $size))
    (call $append_number (local.get $status)))
  (func $flush
    (drop (call $log (i32.const 2) (i32.const 64) (i32.sub (global.get $end) (i32.const 64)))))

  ;; Logs the label and the status.
  (func $status (param $label i32) (param $size i32) (param $status i32)
    (call $begin (local.get $label) (local.get $size) (local.get $status))
    (call $flush))

  ;; Logs the label, the status, and on success the bytes at the result.
  (func $value (param $label i32) (param $size i32) (param $status i32)
    (call $begin (local.get $label) (local.get $size) (local.get $status))
    (if (i32.eqz (local.get $status)) (then
      (call $append_byte (i32.const 32))
      (call $append (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
    (call $flush))

  ;; Logs the label, the status, and on success the map at the result as name=value|name=value|
  (func $map (param $label i32) (param $size i32) (param $status i32)
    (local $map i32) (local $text i32) (local $count i32) (local $index i32) (local $length i32)
    (call $begin (local.get $label) (local.get $size) (local.get $status))
    (call $append_byte (i32.const 32))
    (if (i32.and (i32.eqz (local.get $status)) (i32.ne (i32.load (i32.const 4)) (i32.const 0))) (then
      (local.set $map (i32.load (i32.const 0)))
      (local.set $count (i32.load (local.get $map)))
      (local.set $text (i32.add (local.get $map) (i32.add (i32.const 4) (i32.mul (local.get $count) (i32.const 8)))))
      (loop $next
        (if (i32.lt_u (local.get $index) (i32.mul (local.get $count) (i32.const 2))) (then
          (local.set $length (i32.load (i32.add (local.get $map)
            (i32.add (i32.const 4) (i32.mul (local.get $index) (i32.const 4))))))
          (call $append (local.get $text) (local.get $length))
          (call $append_byte (select (i32.const 124) (i32.const 61) (i32.and (local.get $index) (i32.const 1))))
          (local.set $text (i32.add (local.get $text) (i32.add (local.get $length) (i32.const 1))))
          (local.set $index (i32.add (local.get $index) (i32.const 1)))
          (br $next))))))
    (call $flush))

  ;; 1 when a request header has exactly this value.
  (func $header_is (param $name i32) (param $size i32) (param $value i32) (param $length i32) (result i32)
    (local $index i32)
    (if (call $get_header (i32.const 0) (local.get $name) (local.get $size) (i32.const 0) (i32.const 4))
      (then (return (i32.const 0))))
    (if (i32.ne (i32.load (i32.const 4)) (local.get $length)) (then (return (i32.const 0))))
    (loop $next
      (if (i32.lt_u (local.get $index) (local.get $length)) (then
        (if (i32.ne (i32.load8_u (i32.add (i32.load (i32.const 0)) (local.get $index)))
                    (i32.load8_u (i32.add (local.get $value) (local.get $index))))
          (then (return (i32.const 0))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next))))
    (i32.const 1))

  $CALLBACKS$
)
