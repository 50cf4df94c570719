// RUN: hfc-opt %s --hfc-bucket-collectives=bucket-bytes=0 --verify-diagnostics --split-input-file

// expected-error @below {{bucket-bytes must be positive, got 0}}
module {
}
