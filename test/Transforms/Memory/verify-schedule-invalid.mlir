// RUN: hfc-opt %s --hfc-verify-schedule --split-input-file --verify-diagnostics

rt.entry @never_written arena 128 {
  %a = rt.arena at 0 : memref<16xf32>
  %y = rt.output "y" at 64 : memref<16xf32>
  // expected-error @+1 {{reads the temporary buffer at 0 (memref<16xf32>), which nothing has written}}
  rt.copy %a to %y : memref<16xf32>
}

// -----

rt.entry @half_written arena 320 {
  %x = rt.input "x" at 256 : memref<16xf32>
  %a = rt.arena at 0 : memref<16xf32>
  %b = rt.arena at 0 : memref<32xf32>
  %y = rt.output "y" at 128 : memref<32xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %x to %a : memref<16xf32>
  // expected-error @+1 {{reads the temporary buffer at 0 (memref<32xf32>), which has been overwritten by rt.copy, which wrote the temporary buffer at 0 (memref<16xf32>)}}
  rt.copy %b to %y : memref<32xf32>
}

// -----

rt.entry @write_after_read arena 128 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %y = rt.output "y" at 64 : memref<16xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %x to %y : memref<16xf32>
  // expected-error @+1 {{reads output 'y' at 64 (memref<16xf32>) without waiting for rt.copy, which writes output 'y' at 64 (memref<16xf32>)}}
  rt.copy %y to %x {stream = 1 : i32} : memref<16xf32>
}

// -----

rt.entry @read_then_write arena 192 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %z = rt.input "z" at 64 : memref<16xf32>
  %y = rt.output "y" at 128 : memref<16xf32>
  %a = rt.arena at 0 : memref<16xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %x to %y : memref<16xf32>
  // expected-error @+1 {{writes the temporary buffer at 0 (memref<16xf32>) without waiting for rt.copy, which reads input 'x' at 0 (memref<16xf32>)}}
  rt.copy %z to %a {stream = 1 : i32} : memref<16xf32>
}

// -----

// The event is recorded before the copy that must be awaited.
rt.entry @wrong_event arena 192 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %a = rt.arena at 64 : memref<16xf32>
  %y = rt.output "y" at 128 : memref<16xf32>
  rt.record 0
  // expected-note @+1 {{the other access is here}}
  rt.copy %x to %a : memref<16xf32>
  rt.wait 0 {stream = 1 : i32}
  // expected-error @+1 {{reads the temporary buffer at 64 (memref<16xf32>) without waiting for rt.copy}}
  rt.copy %a to %y {stream = 1 : i32} : memref<16xf32>
}

// -----

rt.entry @clobbered_input arena 192 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %z = rt.input "z" at 64 : memref<16xf32>
  %a = rt.arena at 0 : memref<16xf32>
  %y = rt.output "y" at 128 : memref<16xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %z to %a : memref<16xf32>
  // expected-error @+1 {{reads input 'x' at 0 (memref<16xf32>), which has been overwritten by rt.copy, which wrote the temporary buffer at 0 (memref<16xf32>)}}
  rt.copy %x to %y : memref<16xf32>
}

// -----

rt.entry @inputs arena 128 {
  %x = rt.input "x" at 0 : memref<32xf32>
  // expected-error @+1 {{overlaps input 'x' at 0 (memref<32xf32>)}}
  %z = rt.input "z" at 64 : memref<16xf32>
}

// -----

rt.entry @output arena 64 {
  // expected-error @+1 {{is not written: output 'y' at 0 (memref<16xf32>)}}
  %y = rt.output "y" at 0 : memref<16xf32>
}

// -----

rt.entry @lost_output arena 128 {
  %x = rt.input "x" at 0 : memref<16xf32>
  // expected-error @+1 {{is overwritten: output 'y' at 64 (memref<16xf32>) by rt.copy, which writes the temporary buffer at 64 (memref<16xf32>)}}
  %y = rt.output "y" at 64 : memref<16xf32>
  %a = rt.arena at 64 : memref<16xf32>
  rt.copy %x to %y : memref<16xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %x to %a : memref<16xf32>
}

// -----

func.func private @neg(%x: tensor<16xf32>) -> tensor<16xf32> attributes {kernel.kind = "loop"} {
  %0 = hf.neg %x : tensor<16xf32>
  return %0 : tensor<16xf32>
}
rt.entry @not_in_place arena 64 {
  %x = rt.input "x" at 0 : memref<16xf32>
  // expected-error @+1 {{writes input 'x' at 0 (memref<16xf32>) while it reads input 'x' at 0 (memref<16xf32>), and it does not allow an update in place}}
  rt.launch @neg ins(%x : memref<16xf32>) outs(%x : memref<16xf32>)
}

// -----

func.func private @both(%x: tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>) attributes {kernel.kind = "loop"} {
  %0 = hf.neg %x : tensor<16xf32>
  %1 = hf.abs %x : tensor<16xf32>
  return %0, %1 : tensor<16xf32>, tensor<16xf32>
}
rt.entry @outputs arena 128 {
  %x = rt.input "x" at 64 : memref<16xf32>
  %y = rt.output "y" at 0 : memref<16xf32>
  %z = rt.output "z" at 0 : memref<16xf32>
  // expected-error @+1 {{writes output 'z' at 0 (memref<16xf32>), which overlaps its other output, output 'y' at 0 (memref<16xf32>)}}
  rt.launch @both ins(%x : memref<16xf32>) outs(%y, %z : memref<16xf32>, memref<16xf32>)
}

// -----

hf.parameter @w : tensor<16xf32> from [#hf.piece<"w">]
rt.entry @parameter arena 64 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %w = rt.parameter @w : memref<16xf32>
  // expected-error @+1 {{writes parameter @w (memref<16xf32>), which is only to be read}}
  rt.copy %x to %w : memref<16xf32>
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  rt.entry @order arena 64 {
    %x = rt.input "x" at 0 : memref<16xf32>
    rt.collective all_reduce by sum ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) over {"tp"} {id = 1 : i64}
    // expected-error @+1 {{has number 0, but stands behind number 1; collectives run in their order}}
    rt.collective all_reduce by sum ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) over {"tp"} {id = 0 : i64}
  }
}

// -----

module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  rt.entry @unordered arena 128 {
    %x = rt.input "x" at 0 : memref<16xf32>
    %y = rt.input "y" at 64 : memref<16xf32>
    // expected-note @+1 {{number 0 is here}}
    rt.collective all_reduce by sum ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) over {"tp"} {id = 0 : i64, stream = 1 : i32}
    // expected-error @+1 {{does not wait for the collective before it; ranks could run them in different orders}}
    rt.collective all_reduce by sum ins(%y : memref<16xf32>) outs(%y : memref<16xf32>) over {"tp"} {id = 1 : i64}
  }
}

// -----

// Between its begin and its end a collective's buffers are its own.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  func.func private @f(%x: tensor<16xf32>) -> tensor<16xf32> attributes {kernel.kind = "loop"} {
    return %x : tensor<16xf32>
  }
  rt.entry @early arena 128 {
    %x = rt.input "x" at 0 : memref<16xf32>
    %y = rt.output "y" at 64 : memref<16xf32>
    // expected-note @+1 {{the other access is here}}
    rt.collective all_reduce by sum ins(%x : memref<16xf32>) outs(%x : memref<16xf32>) over {"tp"} {id = 0 : i64, stream = 1 : i32}
    // expected-error @+1 {{reads input 'x' at 0 (memref<16xf32>) without waiting for rt.collective, which writes input 'x' at 0}}
    rt.launch @f ins(%x : memref<16xf32>) outs(%y : memref<16xf32>)
  }
}

// -----

// States of a bucket are ranges of it: these two overlap.
hf.bucket @grads : tensor<24xf32>
// expected-note @+1 {{@a lies before it, and ends at element 8}}
hf.state @a : tensor<8xf32> {hf.bucket = #hf.place<@grads, 0>}
// expected-error @+1 {{overlaps @a in bucket @grads: it begins at element 4, not 16; what lies in a bucket is densely packed, at multiples of 16}}
hf.state @b : tensor<8xf32> {hf.bucket = #hf.place<@grads, 4>}

// -----

// A gather may not run in place.
module attributes {dist.mesh = #dist.mesh<"tp" = 2>} {
  rt.entry @gather arena 64 {
    %x = rt.input "x" at 0 : memref<8xf32>
    %y = rt.output "y" at 0 : memref<16xf32>
    // expected-error @+1 {{and it does not allow an update in place}}
    rt.collective all_gather ins(%x : memref<8xf32>) outs(%y : memref<16xf32>) over {"tp"} {dim = 0 : i64, id = 0 : i64}
  }
}

// -----

hf.bucket @parameters : tensor<48xf32>
hf.parameter @b : tensor<16xf32> from [#hf.piece<"b">] {hf.bucket = #hf.place<@parameters, 0>}
// expected-note @-1 {{@b lies before it, and ends at element 16}}
hf.parameter @a : tensor<16xf32> from [#hf.piece<"a">] {hf.bucket = #hf.place<@parameters, 17>}
// expected-error @-1 {{does not follow on @b in bucket @parameters: it begins at element 17, not 16}}

// -----

// Who reads the output after the entry does not know of stream 1.
rt.entry @unfinished arena 128 {
  %x = rt.input "x" at 0 : memref<16xf32>
  %y = rt.output "y" at 64 : memref<16xf32>
  // expected-error @+1 {{writes output 'y' at 64 (memref<16xf32>), and stream 0, with which the entry ends, does not wait for it}}
  rt.copy %x to %y {stream = 1 : i32} : memref<16xf32>
}

// -----

// What is joined is one with its parts: who writes all waits for who reads one.
hf.bucket @b : tensor<24xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
hf.state @q : tensor<2x4xf32> {hf.bucket = #hf.place<@b, 16>}
rt.entry @joined arena 192 {
  %x = rt.input "x" at 0 : memref<6x4xf32>
  %y = rt.output "y" at 128 : memref<2x4xf32>
  %p = rt.state @p : memref<4x4xf32>
  %q = rt.state @q : memref<2x4xf32>
  %pq = rt.join %p, %q : memref<4x4xf32>, memref<2x4xf32> to memref<6x4xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %q to %y : memref<2x4xf32>
  // expected-error @+1 {{writes state @p (memref<4x4xf32>) and what lies behind it (memref<6x4xf32>) without waiting for rt.copy, which reads state @q}}
  rt.copy %x to %pq {stream = 1 : i32} : memref<6x4xf32>
}

// -----

// So is a state that is all of a bucket as one tensor.
hf.bucket @b : tensor<32xf32>
hf.bucket @of : tensor<32xf32>
hf.state @p : tensor<4x4xf32> {hf.bucket = #hf.place<@b, 0>}
hf.state @q : tensor<2x4xf32> {hf.bucket = #hf.place<@b, 16>}
hf.state @all : tensor<32xf32> {hf.bucket = #hf.place<@b, 0>, hf.of_bucket = @of}
rt.entry @whole arena 192 {
  %x = rt.input "x" at 0 : memref<32xf32>
  %y = rt.output "y" at 128 : memref<2x4xf32>
  %q = rt.state @q : memref<2x4xf32>
  %all = rt.state @all : memref<32xf32>
  // expected-note @+1 {{the other access is here}}
  rt.copy %q to %y : memref<2x4xf32>
  // expected-error @+1 {{writes state @all (memref<32xf32>) without waiting for rt.copy, which reads state @q}}
  rt.copy %x to %all {stream = 1 : i32} : memref<32xf32>
}

// -----

hf.bucket @b : tensor<32xf32>
hf.bucket @of : tensor<32xf32>
// expected-error @+1 {{has hf.of_bucket, so it is all of its bucket, but it has the 16 elements from 0 on of 32}}
hf.state @part : tensor<16xf32> {hf.bucket = #hf.place<@b, 0>, hf.of_bucket = @of}

// -----

// Parameters that the entry does not update are only read, whatever they are joined with.
hf.bucket @b : tensor<24xf32>
hf.parameter @p : tensor<4x4xf32> from [#hf.piece<"p">] {hf.bucket = #hf.place<@b, 0>}
hf.parameter @q : tensor<2x4xf32> from [#hf.piece<"q">] {hf.bucket = #hf.place<@b, 16>}
rt.entry @only_read arena 128 {
  %x = rt.input "x" at 0 : memref<6x4xf32>
  %p = rt.parameter updated @p : memref<4x4xf32>
  %q = rt.parameter @q : memref<2x4xf32>
  %pq = rt.join %p, %q : memref<4x4xf32>, memref<2x4xf32> to memref<6x4xf32>
  // expected-error @+1 {{which is only to be read}}
  rt.copy %x to %pq : memref<6x4xf32>
}
