/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A kernel with TLS over TCP: it keeps what it's told, refuses what it's asked to
 * refuse, and seals and opens on the real socket with the keys that it got.
 */
#ifndef TESTS_UNIT_STREAM_FAKE_H
#define TESTS_UNIT_STREAM_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction's key; @keys counts those that were installed. */
struct fake_key {
	int keys;
	uint16_t version;
	const struct fake_layout *layout;
	uint8_t key[32];
	uint8_t iv[12];
	uint64_t seq;
};

/**
 * struct fake_kernel - what it was told
 * @refuse: the option to be refused; 0: none
 * @error: with which errno
 * @other_ulp: the socket has another one
 * @takes_next_keys: as kernels do from 6.14 on
 * @is_attached: TCP_ULP went in
 * @tx: TLS_TX
 * @rx: TLS_RX
 * @type: of the record that's being read
 * @content: its content
 * @len: of that
 * @used: how much was given
 */
struct fake_kernel {
	int refuse;
	int error;
	bool other_ulp;
	bool takes_next_keys;
	bool is_attached;
	struct fake_key tx;
	struct fake_key rx;
	uint8_t type;
	uint8_t content[16384 + 256];
	size_t len;
	size_t used;
};

extern struct fake_kernel fake;

/* From now on the library talks to a new one. */
void fake_install(bool takes_next_keys);

#endif
