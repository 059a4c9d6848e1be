// Valgrind 3.19 writes to the mask that sigsuspend is given; Swift's main thread waits with one in
// read-only memory, and valgrind dies. Preloaded, this hands over a copy.
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
  sigset_t copy = *mask;
  return (int)syscall(SYS_rt_sigsuspend, &copy, _NSIG / 8);
}
