#ifndef CPROCESSLIMITS_SHIM_H
#define CPROCESSLIMITS_SHIM_H

#include <sys/prctl.h>

// prctl takes a variable number of arguments, which Swift cannot call.
static inline int cpl_set_dumpable(int is_dumpable) {
  return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable, 0UL, 0UL, 0UL);
}

#endif
