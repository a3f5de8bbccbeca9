;; Admits as many requests as its limit says, and answers 429 to the others. The count is one byte of shared data.
;; Without a configuration it writes by compare-and-swap, and tries again when somebody else was faster; with one
;; (of any content) it reads, then writes: two requests may both find room for one.
(module
  (import "env" "proxy_get_shared_data" (func $get (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $reply (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "count")
  (data (i32.const 96) "\00")     ;; the count to write
  (data (i32.const 192) "\00")    ;; the count of what is absent
  (data (i32.const 160) "\00\00\00\00") ;; no headers
  (global $racy (mut i32) (i32.const 0))
  (global $limit i32 (i32.const 2))

  (func (export "proxy_abi_version_0_2_1"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))

  ;; The canary comes first and alone: the key is there before any request.
  (func (export "proxy_on_configure") (param $context i32) (param $size i32) (result i32)
    (global.set $racy (local.get $size))
    (if (call $get (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 4) (i32.const 8))
      (then (drop (call $set (i32.const 64) (i32.const 5) (i32.const 96) (i32.const 1) (i32.const 0)))))
    (i32.const 1))

  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (loop $again
      ;; What is absent counts as 0 and is written with cas 0: Kong's engine creates with no other.
      (if (call $get (i32.const 64) (i32.const 5) (i32.const 0) (i32.const 4) (i32.const 8)) (then
        (i32.store (i32.const 0) (i32.const 192))
        (i32.store (i32.const 8) (i32.const 0))))
      (i32.store8 (i32.const 96) (i32.load8_u (i32.load (i32.const 0))))
      (if (i32.ge_u (i32.load8_u (i32.const 96)) (global.get $limit)) (then
        (drop (call $reply (i32.const 429) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
          (i32.const 160) (i32.const 4) (i32.const -1)))
        (return (i32.const 1))))
      (i32.store8 (i32.const 96) (i32.add (i32.load8_u (i32.const 96)) (i32.const 1)))
      (br_if $again (call $set (i32.const 64) (i32.const 5) (i32.const 96) (i32.const 1)
        (select (i32.const 0) (i32.load (i32.const 8)) (global.get $racy)))))
    (i32.const 0))
)
