/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two network namespaces, a wire between them, and on its ends simulated cards
 * that do the crypto (tests/modules/dtls_sim), with sniffers above and below.
 */
#ifndef SELFTESTS_NIC_H
#define SELFTESTS_NIC_H

#include "link.h"
#include "sniffer.h"

enum nic_end {
	NEAR,
	FAR,
};

/* Which ends have a card; the others send as plain devices do. */
#define NIC_NEAR (1U << NEAR)
#define NIC_FAR  (1U << FAR)
#define NIC_BOTH (NIC_NEAR | NIC_FAR)

/*
 * Each end's addresses are those of link.h, on the device "card", or without
 * one on the wire's end, "near" or "far".
 */
struct nic {
	struct link link;
	struct {
		int has_card;
		char device[16];  /* that has the addresses */
		char debugfs[64]; /* the card's folder, with a slash */
		int plain;        /* a UDP socket, to the other end's */
		struct sniffer wire, card;
	} ends[2];
	struct sniffer more[4]; /* further wires */
	unsigned int more_count;
};

/* An association between sockets at the two ends. */
struct path {
	enum bed_family family;
	int fd[2];
	struct secret secret[2]; /* what each end sends with */
	unsigned int id;         /* of the next text */
};

/* Functions return -1 with errno set, as system calls do, unless they say. */
int nic_open(struct nic *nic, unsigned int cards);
int nic_make(struct nic *nic, unsigned int cards);
int nic_start(struct nic *nic);
int nic_close(struct nic *nic);
int nic_card_add(struct nic *nic, enum nic_end end);
int nic_configure(struct nic *nic, enum nic_end end);
int nic_second_wire(struct nic *nic);
int nic_route(const struct nic *nic, enum nic_end end, const char *device);
int nic_watch_wire(struct nic *nic, enum nic_end end, const char *device);
int nic_at(const struct nic *nic, enum nic_end end, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int nic_knob(const struct nic *nic, enum nic_end end, const char *name,
	     unsigned int value);
long long nic_state(const struct nic *nic, enum nic_end end, const char *name);
int nic_wait_state(const struct nic *nic, enum nic_end end, const char *name,
		   long long value);
int nic_settle(const struct nic *nic);
int nic_wait(const struct nic *nic);
int nic_drain(struct nic *nic);
const char *nic_problem(const struct nic *nic);

int path_open(struct path *path, struct nic *nic, enum bed_family family,
	      uint16_t cipher);
int path_cids(struct path *path, struct nic *nic, size_t near_len,
	      size_t far_len);
int path_keys(struct path *path, uint16_t epoch);
int path_offload(struct path *path, enum nic_end end, uint32_t directions);
int path_close(struct path *path);

#endif /* SELFTESTS_NIC_H */
