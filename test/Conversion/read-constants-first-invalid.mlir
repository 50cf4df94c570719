// RUN: not hfc-opt %s --hfc-read-constants-first=max-bytes=-1 2>&1 | FileCheck %s

// CHECK: hfc-read-constants-first: max-bytes is what a thread may hold, and not negative; got -1
module {}
