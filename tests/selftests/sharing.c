// SPDX-License-Identifier: GPL-2.0
/* One socket, many descriptors and processes; one address, many sockets. */
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/wait.h>

#include "compare.h"

FIXTURE_COMPARE(sharing)

/* Both directions work, with this descriptor of the run's socket. */
static void see_works(struct __test_metadata *_metadata, struct run *run,
		      int fd, unsigned int id)
{
	SEE_AS(run_send(run, fd, id, 40, 0), "it sends");
	SEE_AS(run_send(run, run->bed.peer, id + 1, 50, 0), "its peer sends");
	SETTLE();
	see_poll(run, fd, POLLIN | POLLOUT);
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

static void expect_attached(struct __test_metadata *_metadata,
			    const struct run *run, long long count)
{
	if (run->keyed)
		EXPECT_EQ(count, dtls_net_stat("DtlsCurrAttached"));
}

SCENARIO(sharing, duplicate_is_the_same_socket)
{
	int fd = run->bed.fd, other = dup(fd), third = fcntl(fd, F_DUPFD, 50);

	see_works(_metadata, run, other, 1);
	see_works(_metadata, run, third, 3);
	SEE(run_send(run, run->bed.peer, 9, 40, 0));
	SETTLE();
	see_recv(run, fd, 100, MSG_DONTWAIT | MSG_PEEK);
	see_recv(run, other, 100, MSG_DONTWAIT);
	see_recv(run, third, 100, MSG_DONTWAIT);
	SEE(close(fd));
	see_works(_metadata, run, other, 11);
	SEE(dup2(third, other));
	see_works(_metadata, run, other, 13);
	expect_attached(_metadata, run, 2);
	SEE(close(third));
	SEE(close(other));
	expect_attached(_metadata, run, 1);
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
}

/* Through a descriptor of /proc it can't be opened, as no socket can. */
SCENARIO(sharing, file_of_a_socket_cannot_be_opened)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", run->bed.fd);
	SEE(open(path, O_RDWR));
	see_works(_metadata, run, run->bed.fd, 1);
}

/* A child that sends a message and reads one, and says how it went. */
static pid_t begin_child(struct run *run)
{
	pid_t child = fork();
	char text[100];

	if (child)
		return child;
	close(run->bed.peer);
	if (run_send(run, run->bed.fd, 5, 40, 0) != 40 ||
	    recv(run->bed.fd, text, sizeof(text), 0) != 50)
		_exit(1);
	_exit(0);
}

static int end_child(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

SCENARIO(sharing, child_shares_the_socket)
{
	pid_t child;

	run->texts++;
	child = begin_child(run);
	ASSERT_LT(0, child);
	SEE(run_send(run, run->bed.peer, 6, 50, 0));
	SEE(end_child(child));
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	/* The numbers went on in the child: here they go on from there. */
	see_works(_metadata, run, run->bed.fd, 1);
	expect_attached(_metadata, run, 2);
}

SCENARIO(sharing, child_keeps_the_socket)
{
	pid_t child;

	run->texts++;
	child = begin_child(run);
	ASSERT_LT(0, child);
	SEE(close(run->bed.fd));
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	expect_attached(_metadata, run, 2);
	SEE(run_send(run, run->bed.peer, 6, 50, 0));
	SEE(end_child(child));
	expect_attached(_metadata, run, 1);
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* A child that was there before the attach finds the socket attached. */
SCENARIO(sharing, child_from_before_the_attach)
{
	int fd[2], begin[2];
	pid_t child;
	char byte;

	run->texts++;
	ASSERT_EQ(0, bed_pair(run->bed.family, fd));
	ASSERT_EQ(0, pipe(begin));
	child = fork();
	if (!child)
		_exit(read(begin[0], &byte, 1) != 1 ||
		      run_send(run, fd[0], 5, 40, 0) != 40);
	ASSERT_EQ(0, run_attach(run, fd[0], 0, 1));
	ASSERT_EQ(0, run_attach(run, fd[1], 1, 1));
	ASSERT_EQ(1, write(begin[1], "", 1));
	SEE(end_child(child));
	SETTLE();
	see_recv(run, fd[1], 100, MSG_DONTWAIT);
}

static int pass(int over, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {};
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return (int)sendmsg(over, &msg, 0);
}

static int take(int over)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(over, &msg, MSG_DONTWAIT) < 0 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

SCENARIO(sharing, socket_is_passed_on)
{
	int over[2], fd;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, over));
	SEE(pass(over[0], run->bed.fd));
	/* On its way it's nobody's, and there all the same. */
	SEE(close(run->bed.fd));
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	expect_attached(_metadata, run, 2);
	fd = take(over[1]);
	ASSERT_LE(0, fd);
	run->bed.fd = fd;
	see_recv(run, fd, 100, MSG_DONTWAIT);
	see_works(_metadata, run, fd, 3);
}

/* Nobody takes it: it goes with the socket that it was on its way in. */
SCENARIO(sharing, socket_is_lost_on_its_way)
{
	int over[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, over));
	SEE(pass(over[0], run->bed.fd));
	SEE(close(run->bed.fd));
	SEE(close(over[0]));
	SEE(close(over[1]));
	expect_attached(_metadata, run, 1);
	run->bed.fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);
	SEE(run_send(run, run->bed.peer, 1, 40, 0));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
}

/* To another process, which is in another namespace. */
SCENARIO(sharing, socket_is_passed_to_another_namespace)
{
	int over[2], fd;
	pid_t child;

	run->texts++;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, over));
	SEE(pass(over[0], run->bed.fd));
	child = fork();
	if (!child) {
		close(run->bed.fd);
		if (bed_netns())
			_exit(2);
		fd = take(over[1]);
		_exit(run_send(run, fd, 5, 40, 0) != 40 ||
		      (run->keyed && dtls_net_stat("DtlsCurrAttached")));
	}
	SEE(end_child(child));
	SETTLE();
	see_recv(run, run->bed.peer, 100, MSG_DONTWAIT);
	see_works(_metadata, run, run->bed.fd, 1);
}

enum {
	SERVERS = 32,
};

/* A socket with the address that others have too, connected to @client. */
static int server(struct run *run, const struct sockaddr_storage *addr,
		  socklen_t len, int client)
{
	int fd = bed_socket(run->bed.family, SOCK_DGRAM, 0);

	if (fd < 0 || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return -1;
	if (addr ? bind(fd, (const struct sockaddr *)addr, len) :
		   bed_bind(fd, run->bed.family))
		return -1;
	return client >= 0 && bed_connect(fd, client) ? -1 : fd;
}

/* Clients that send to @to, each with a server of its own at that address. */
static void serve(struct __test_metadata *_metadata, struct run *run,
		  int clients[], int servers[])
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int listener = server(run, NULL, 0, -1);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, getsockname(listener, (struct sockaddr *)&addr, &len));
	for (unsigned int i = 0; i < SERVERS; i++) {
		clients[i] = bed_socket(run->bed.family, SOCK_DGRAM, 0);
		ASSERT_EQ(0, bed_bind(clients[i], run->bed.family));
		ASSERT_EQ(0, bed_connect(clients[i], listener));
		servers[i] = server(run, &addr, len, clients[i]);
		ASSERT_LE(0, servers[i]);
		ASSERT_EQ(0, run_attach(run, clients[i], 0, i + 1));
		ASSERT_EQ(0, run_attach(run, servers[i], 1, i + 1));
	}
	/* It's still there, and hears none of those that have a server. */
}

SCENARIO(sharing, E6_many_servers_share_a_port)
{
	int clients[SERVERS], servers[SERVERS];

	serve(_metadata, run, clients, servers);
	for (unsigned int i = 0; i < SERVERS; i++) {
		SEE(run_send(run, clients[i], i, 40, 0));
		SEE(run_send(run, servers[i], i + 100, 40, 0));
	}
	SETTLE();
	for (unsigned int i = 0; i < SERVERS; i++) {
		see_recv(run, servers[i], 100, MSG_DONTWAIT);
		see_recv(run, servers[i], 100, MSG_DONTWAIT);
		see_recv(run, clients[i], 100, MSG_DONTWAIT);
	}
	/* Each second one goes away: the others stay each other's. */
	for (unsigned int i = 0; i < SERVERS; i += 2)
		SEE(close(servers[i]));
	for (unsigned int i = 1; i < SERVERS; i += 2)
		SEE(run_send(run, clients[i], i, 40, 0));
	SETTLE();
	for (unsigned int i = 1; i < SERVERS; i += 2) {
		see_recv(run, servers[i], 100, MSG_DONTWAIT);
		see_recv(run, servers[i], 100, MSG_DONTWAIT);
	}
}

TEST_HARNESS_MAIN
