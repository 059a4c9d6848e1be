#include <zmq.h>
// Wakes a thread that waits in zmq_poll.
#include <sys/eventfd.h>
// Has a listening socket drop attempts to connect.
#include <linux/filter.h>
// Returns freed memory to the system.
#include <malloc.h>
