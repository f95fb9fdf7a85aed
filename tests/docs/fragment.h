/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an example that is a few statements may take for granted: the check
 * "examples" puts them into a function behind this.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <kdtls.h>

extern SSL *ssl;
extern struct kdtls *k;
extern int fd, family;
extern ssize_t n;
extern unsigned char type;
extern struct sockaddr *peer;
extern socklen_t peer_len;
extern char buf[2048];
extern const unsigned char client_write_key[16], client_write_iv[4],
	epoch_and_next_number[8];
