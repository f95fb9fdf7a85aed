// SPDX-License-Identifier: GPL-2.0
/*
 * A connection goes on in another process, begun afresh, on a socket of its
 * own, from what DTLS_STATE told; its peer goes on all the while.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

#include "state.h"

enum {
	EPOCHS = 2,   /* of receiving */
	BEFORE = 200, /* records either way before the freeze, at least */
	COUNT = 3000, /* and at most; likewise, of an epoch, to receive */
	SENDERS = 2,
	SUCCESSOR = 300, /* records that the other process sends */
	WINDOW = 8192    /* no record that comes late is too old */
};

/* What a record to be received says of itself. */
struct tag {
	uint32_t epoch, seq;
};

/* What the other process is told. It makes up the keys as the bed does. */
struct handover {
	enum bed_family family;
	uint16_t cipher;
	struct sockaddr_storage local, peer;
	socklen_t addr_len;
	struct secret tx, rx; /* without their ciphers */
	struct dtls_state tx_state, rx_state[EPOCHS];
};

FIXTURE_BED_KINDS(migrate)

/* A socket whose address another one may have, too. */
static int socket_at(enum bed_family family,
		     const struct sockaddr_storage *addr, socklen_t len)
{
	int fd = bed_socket(family, SOCK_DGRAM, 0), on = 1;

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)addr, len) || bed_room(fd))
		return -1;
	return fd;
}

/* Parameters and connection IDs, the same in both processes. */
static int prepare(int fd, const struct secret *tx, const struct secret *rx)
{
	return dtls_attach(fd) || dtls_window_bits(fd, WINDOW) ||
	       dtls_cid(fd, tx, rx);
}

FIXTURE_SETUP(migrate)
{
	struct bed *bed = &self->bed;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	ASSERT_EQ(0, bed_init(bed, variant->family,
			      cipher_by_type(variant->cipher)));
	/* In the place of the socket that it made. */
	ASSERT_EQ(0, getsockname(bed->fd, (struct sockaddr *)&addr, &len));
	ASSERT_EQ(0, close(bed->fd));
	bed->fd = socket_at(bed->family, &addr, len);
	ASSERT_LE(0, bed->fd);
	ASSERT_EQ(0, bed_connect(bed->fd, bed->peer));
	secret_set_cid(&bed->tx, 4);
	secret_set_cid(&bed->rx, 8);
	ASSERT_EQ(0, prepare(bed->fd, &bed->tx, &bed->rx));
	ASSERT_EQ(0, dtls_key(bed->fd, TLS_TX, &bed->tx, 1, 0));
	for (uint16_t epoch = 1; epoch <= EPOCHS; epoch++)
		ASSERT_EQ(0, dtls_key(bed->fd, TLS_RX, &bed->rx, epoch, 0));
	ASSERT_EQ(0, bed_unpin_cpu());
}

FIXTURE_TEARDOWN(migrate)
{
}

/* The other process. */

static int load_rx(int fd, const struct secret *secret,
		   const struct dtls_state *state)
{
	struct dtls_window window = { .epoch = state->epoch,
				      .next = state->next };

	memcpy(window.bitmap, state->bitmap, sizeof(window.bitmap));
	if (setsockopt(fd, SOL_TLS, DTLS_RX_WINDOW, &window, sizeof(window)))
		return -1;
	return dtls_key(fd, TLS_RX, secret, state->epoch, state->next);
}

static int socket_from(struct handover *handover)
{
	struct secret *tx = &handover->tx, *rx = &handover->rx;
	int fd = socket_at(handover->family, &handover->local,
			   handover->addr_len);

	tx->cipher = rx->cipher = cipher_by_type(handover->cipher);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&handover->peer,
		    handover->addr_len) ||
	    prepare(fd, tx, rx))
		return -1;
	for (int i = 0; i < EPOCHS; i++)
		if (load_rx(fd, rx, &handover->rx_state[i]))
			return -1;
	if (dtls_key(fd, TLS_TX, tx, handover->tx_state.epoch,
		     handover->tx_state.next))
		return -1;
	return fd;
}

/* Receives until an empty record; tells of each record by standard output. */
static int succeed(void)
{
	struct handover handover;
	struct tag tag = {};
	ssize_t n;
	int fd;

	if (read(STDIN_FILENO, &handover, sizeof(handover)) != sizeof(handover))
		return 2;
	fd = socket_from(&handover);
	if (fd < 0)
		return 3;
	for (int i = 0; i < SUCCESSOR; i++)
		if (send(fd, "next", 4, 0) != 4)
			return 4;
	/* The first one says that it's here. */
	do {
		if (write(STDOUT_FILENO, &tag, sizeof(tag)) != sizeof(tag))
			return 5;
		n = recv(fd, &tag, sizeof(tag), 0);
	} while (n == sizeof(tag));
	return n == 0 ? 0 : 6;
}

struct successor {
	pid_t pid;
	int to, from; /* its standard input and output */
};

static int start_successor(struct successor *successor)
{
	static char *const argv[] = { "migrate", "succeed", NULL };
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -1;
	successor->pid = fork();
	if (successor->pid < 0)
		return -1;
	if (!successor->pid) {
		/* Only what it's told: none of the sockets. */
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		close_range(3, ~0u, 0);
		execv("/proc/self/exe", argv);
		_exit(9);
	}
	close(to[0]);
	close(from[1]);
	successor->to = to[1];
	successor->from = from[0];
	return 0;
}

/* This process, which has the connection at first. */

struct traffic {
	const struct bed *bed;
	uint32_t sent, delivered; /* by the socket that is frozen */
	int frozen, succeeded;
	uint8_t seen[EPOCHS][COUNT]; /* by either process */
	uint32_t sealed;             /* numbers of each epoch */
	int err;
};

static int is_set(const int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void *send_until_frozen(void *arg)
{
	struct traffic *traffic = arg;

	for (;;) {
		if (__atomic_fetch_add(&traffic->sent, 1, __ATOMIC_RELAXED) >=
		    COUNT - SENDERS)
			while (!is_set(&traffic->frozen))
				sched_yield();
		if (send(traffic->bed->fd, "here", 4, 0) != 4)
			return (void *)(intptr_t)errno;
	}
}

static void mark(struct traffic *traffic, const struct tag *tag)
{
	if (tag->epoch - 1 < EPOCHS && tag->seq < COUNT)
		traffic->seen[tag->epoch - 1][tag->seq]++;
	else
		traffic->err = EBADMSG;
}

static void *receive_until_frozen(void *arg)
{
	struct traffic *traffic = arg;
	struct tag tag;

	for (;;) {
		int last = is_set(&traffic->frozen);

		while (recv(traffic->bed->fd, &tag, sizeof(tag),
			    MSG_DONTWAIT) == sizeof(tag)) {
			mark(traffic, &tag);
			__atomic_fetch_add(&traffic->delivered, 1,
					   __ATOMIC_RELEASE);
		}
		if (last)
			return NULL;
		sched_yield();
	}
}

static void seal(struct traffic *traffic, uint32_t epoch, uint32_t seq)
{
	struct record record = record_make(RECORD_DATA, (uint16_t)epoch, seq);
	struct tag tag = { epoch, seq };
	uint8_t wire[100];
	size_t len = record_seal(&traffic->bed->rx, &record, &tag, sizeof(tag),
				 wire);

	if (send(traffic->bed->peer, wire, len, 0) != (ssize_t)len)
		traffic->err = errno;
}

/*
 * The peer: new records, and with each an old one again, until the successor is
 * there, and some more. Then all of them once more: those that were lost on the
 * way are new to it, no other one is.
 */
static void *seal_all(void *arg)
{
	struct traffic *traffic = arg;
	uint32_t seq = 0, end = COUNT;

	while (seq < end) {
		for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++) {
			seal(traffic, epoch, seq);
			seal(traffic, epoch, seq * 7919 % (seq + 1));
		}
		seq++;
		/* Half of them are for the time after it. */
		while (seq == COUNT / 2 && !is_set(&traffic->succeeded))
			sched_yield();
		if (end == COUNT && is_set(&traffic->succeeded))
			end = seq + BEFORE;
	}
	for (uint32_t i = 0; i < seq; i++)
		for (uint32_t epoch = 1; epoch <= EPOCHS; epoch++)
			seal(traffic, epoch, i);
	traffic->sealed = seq;
	return NULL;
}

static void hand_over(struct __test_metadata *_metadata,
		      struct handover *handover, const struct bed *bed)
{
	socklen_t len = sizeof(handover->local);

	handover->family = bed->family;
	handover->cipher = bed->tx.cipher->type;
	handover->tx = bed->tx;
	handover->rx = bed->rx;
	ASSERT_EQ(0, getsockname(bed->fd, (struct sockaddr *)&handover->local,
				 &len));
	ASSERT_EQ(0, getpeername(bed->fd, (struct sockaddr *)&handover->peer,
				 &len));
	handover->addr_len = len;
	ASSERT_EQ(0, dtls_state(bed->fd, TLS_TX, 1, DTLS_STATE_FREEZE,
				&handover->tx_state));
	for (int i = 0; i < EPOCHS; i++)
		ASSERT_EQ(0, dtls_state(bed->fd, TLS_RX, (uint16_t)(i + 1),
					DTLS_STATE_FREEZE,
					&handover->rx_state[i]));
}

/* The first @total numbers of the sending epoch, each once. */
static void expect_sent(struct __test_metadata *_metadata,
			const struct bed *bed, uint64_t total)
{
	static uint8_t seen[COUNT + SUCCESSOR];

	ASSERT_GE(sizeof(seen), total);
	for (uint64_t i = 0; i < total; i++) {
		struct record record;
		uint8_t wire[100], text[100];
		ssize_t n = recv(bed->peer, wire, sizeof(wire), MSG_DONTWAIT);

		ASSERT_EQ(4, record_open(&bed->tx, wire, (size_t)n, &record,
					 text));
		ASSERT_EQ(1, record.epoch);
		ASSERT_GT(total, record.seq);
		ASSERT_EQ(0, seen[record.seq]++);
	}
}

static struct traffic traffic;
static struct handover handover;

TEST_F_TIMEOUT(migrate, A2_A15_goes_on_under_traffic, 60)
{
	void *(*const roles[])(void *) = { send_until_frozen, send_until_frozen,
					   receive_until_frozen, seal_all };
	pthread_t thread[ARRAY_SIZE(roles)];
	struct successor successor;
	struct bed *bed = &self->bed;
	struct tag tag;
	int status;

	traffic.bed = bed;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		ASSERT_EQ(0,
			  pthread_create(&thread[i], NULL, roles[i], &traffic));
	while (__atomic_load_n(&traffic.sent, __ATOMIC_RELAXED) < BEFORE ||
	       __atomic_load_n(&traffic.delivered, __ATOMIC_ACQUIRE) < BEFORE)
		sched_yield();
	hand_over(_metadata, &handover, bed);
	__atomic_store_n(&traffic.frozen, 1, __ATOMIC_RELEASE);
	for (size_t i = 0; i < 3; i++) {
		void *err;

		ASSERT_EQ(0, pthread_join(thread[i], &err));
		EXPECT_EQ(i < SENDERS ? EKEYREVOKED : 0, (intptr_t)err);
	}

	ASSERT_EQ(0, start_successor(&successor));
	ASSERT_EQ(sizeof(handover),
		  write(successor.to, &handover, sizeof(handover)));
	ASSERT_EQ(sizeof(tag), read(successor.from, &tag, sizeof(tag)));
	/* Until now some of what came went to the one, some to the other. */
	ASSERT_EQ(0, dtls_close(bed->fd));
	__atomic_store_n(&traffic.succeeded, 1, __ATOMIC_RELEASE);
	ASSERT_EQ(0, pthread_join(thread[3], NULL));
	/* For the successor, too, it's over. */
	ASSERT_EQ(0, inject(bed, RECORD_DATA, EPOCHS, traffic.sealed, "", 0));
	while (read(successor.from, &tag, sizeof(tag)) == sizeof(tag))
		mark(&traffic, &tag);
	ASSERT_EQ(successor.pid, waitpid(successor.pid, &status, 0));
	EXPECT_EQ(0, status);

	EXPECT_EQ(0, traffic.err);
	for (uint32_t i = 0; i < EPOCHS * traffic.sealed; i++) {
		ASSERT_EQ(1, traffic.seen[i % EPOCHS][i / EPOCHS])
		TH_LOG("epoch %u, number %u", i % EPOCHS + 1, i / EPOCHS);
	}
	expect_sent(_metadata, bed, handover.tx_state.next + SUCCESSOR);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "succeed"))
		return succeed();
	return run_tests(argc, argv);
}
