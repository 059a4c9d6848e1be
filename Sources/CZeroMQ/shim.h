#include <zmq.h>
// Wakes a thread that waits in zmq_poll.
#include <sys/eventfd.h>
