// RUN: hfc-opt %s --hfc-start-gradients --split-input-file --verify-diagnostics

func.func @begin_step() {
  return
}
// expected-error @below {{is an entry, and entries have one block}}
func.func @last_micro_step() {
  cf.br ^end
^end:
  return
}
