// RUN: not hfc-opt %s --hfc-select-libraries=chip=sm_70 2>&1 | FileCheck %s --check-prefix=OLD
// RUN: not hfc-opt %s --hfc-select-libraries=chip=h100 2>&1 | FileCheck %s --check-prefix=NAME

// OLD: error: hfc-select-libraries: GPU 'sm_70' is too old: hfc generates code for sm_80 and later
// NAME: error: hfc-select-libraries: GPU 'h100' is not of the form sm_90 or sm_90a
rt.entry @e arena 0 {
}
