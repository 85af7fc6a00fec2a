#ifndef RS_CMALLOCCOUNT_H
#define RS_CMALLOCCOUNT_H

#include <stdint.h>

// How often memory was asked for since the process started. The target replaces malloc, calloc,
// realloc and the aligned kin by counting ones; benchmarks only.
uint64_t rs_allocation_count(void);

// Bytes that are allocated now, the allocator's own heads included.
uint64_t rs_bytes_in_use(void);

#endif
