/* SPDX-License-Identifier: GPL-2.0 */
/* As much of io_uring as the tests need, by its system calls. */
#ifndef SELFTESTS_URING_H
#define SELFTESTS_URING_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct uring {
	int fd;
	unsigned int *sq_head, *sq_tail, *sq_mask, *sq_array, *sq_flags;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static inline void *uring_map(int fd, size_t len, off_t what)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, what);
}

/* @flags: IORING_SETUP_*; -1 with errno set if the kernel doesn't allow it */
static inline int uring_open(struct uring *ring, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags };
	char *rings;

	ring->fd = (int)syscall(SYS_io_uring_setup, 64, &p);
	if (ring->fd < 0)
		return -1;
	rings = uring_map(ring->fd,
			  p.cq_off.cqes + p.cq_entries * sizeof(*ring->cqes) +
				  p.sq_off.array + p.sq_entries * 4,
			  IORING_OFF_SQ_RING);
	ring->sqes = uring_map(ring->fd, p.sq_entries * sizeof(*ring->sqes),
			       IORING_OFF_SQES);
	if (rings == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -1;
	ring->sq_head = (unsigned int *)(rings + p.sq_off.head);
	ring->sq_tail = (unsigned int *)(rings + p.sq_off.tail);
	ring->sq_mask = (unsigned int *)(rings + p.sq_off.ring_mask);
	ring->sq_array = (unsigned int *)(rings + p.sq_off.array);
	ring->sq_flags = (unsigned int *)(rings + p.sq_off.flags);
	ring->cq_head = (unsigned int *)(rings + p.cq_off.head);
	ring->cq_tail = (unsigned int *)(rings + p.cq_off.tail);
	ring->cq_mask = (unsigned int *)(rings + p.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(rings + p.cq_off.cqes);
	return 0;
}

/* Leave a request in the ring; uring_enter() submits it. */
static inline void uring_put(struct uring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail, i = tail & *ring->sq_mask;

	ring->sqes[i] = *sqe;
	ring->sq_array[i] = i;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static inline int uring_enter(const struct uring *ring, unsigned int submit,
			      unsigned int wait, unsigned int flags)
{
	return (int)syscall(SYS_io_uring_enter, ring->fd, submit, wait,
			    flags | (wait ? IORING_ENTER_GETEVENTS : 0), NULL,
			    0);
}

static inline int uring_submit(struct uring *ring,
			       const struct io_uring_sqe *sqe)
{
	uring_put(ring, sqe);
	return uring_enter(ring, 1, 0, 0) == 1 ? 0 : -1;
}

/* Return: 1 if a completion was there. */
static inline int uring_get(struct uring *ring, struct io_uring_cqe *cqe)
{
	unsigned int head = *ring->cq_head;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return 0;
	*cqe = ring->cqes[head & *ring->cq_mask];
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return 1;
}

/* Wait for the next completion. Return: as the system call would. */
static inline long uring_wait(struct uring *ring, struct io_uring_cqe *cqe)
{
	struct io_uring_cqe own;

	cqe = cqe ? cqe : &own;
	while (!uring_get(ring, cqe))
		if (uring_enter(ring, 0, 1, 0) < 0 && errno != EINTR)
			return -1;
	if (cqe->res >= 0)
		return cqe->res;
	errno = -cqe->res;
	return -1;
}

static inline long uring_call(struct uring *ring, const struct io_uring_sqe *sqe)
{
	return uring_submit(ring, sqe) ? -1 : uring_wait(ring, NULL);
}

static inline struct io_uring_sqe uring_sqe(uint8_t opcode, int fd,
					    const void *buf, size_t len,
					    uint32_t flags)
{
	struct io_uring_sqe sqe;

	memset(&sqe, 0, sizeof(sqe));
	sqe.opcode = opcode;
	sqe.fd = fd;
	sqe.addr = (uintptr_t)buf;
	sqe.len = (uint32_t)len;
	sqe.msg_flags = flags;
	return sqe;
}

#endif /* SELFTESTS_URING_H */
