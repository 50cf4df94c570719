# Sourced by what runs hfc under sanitizers.
# libMLIR and libLLVM are not instrumented: containers and arenas that cross over to them cannot be annotated, the leaks
# are their globals, and LLVM puts a signal stack of its own in the place of the sanitizer's.
export ASAN_OPTIONS=detect_container_overflow=0:allow_user_poisoning=0:detect_leaks=0:use_sigaltstack=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
