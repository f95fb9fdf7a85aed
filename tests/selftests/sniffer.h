/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sniffer beside a test: every frame of the namespace it was opened in. No
 * frame may hold the tests' plaintext, and what a socket with a sending key
 * sends is DTLS records and nothing else.
 */
#ifndef SELFTESTS_SNIFFER_H
#define SELFTESTS_SNIFFER_H

#include <stddef.h>
#include <stdint.h>

/* What the tests' plaintext is full of, and ciphertext isn't. */
#define MARKER     "CLEARTXT"
#define MARKER_LEN (sizeof(MARKER) - 1)

struct sniffer {
	int fd;
	uint16_t ports[256];  /* of the sockets that send records only */
	size_t cid_lens[256]; /* of their records, those with connection IDs */
	unsigned int port_count;
	/* Frames that were looked at; those that hold the marker. */
	unsigned long frames, marked;
	/* Datagrams of the sockets with these ports, fragments left out. */
	unsigned long datagrams;
	char problem[128]; /* the first datagram that isn't records */
};

/* Functions return -1 with errno set, as system calls do. */
int sniffer_open(struct sniffer *sniffer);
int sniffer_open_at(struct sniffer *sniffer, const char *device);
int sniffer_watch(struct sniffer *sniffer, int fd);
void sniffer_set_cid(struct sniffer *sniffer, int fd, size_t len);
int sniffer_drain(struct sniffer *sniffer);

void marked_text(void *text, size_t len, unsigned int id);

#endif /* SELFTESTS_SNIFFER_H */
