/* size.h - the size of a file as people read it. */
#ifndef POSTLATCH_SIZE_H
#define POSTLATCH_SIZE_H

#include <stdint.h>
#include <stdio.h>

/* "1.5 KB", "12 MB": of 1024 bytes each, with a decimal below 10. */
void pl_put_size(FILE *out, uint64_t bytes);

#endif
