/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The BIOs of an SSL: the program's own, and libkdtls' tap in front of them,
 * which neither the program nor OpenSSL's rules of who frees what may see.
 */
#ifndef KDTLS_PRELOAD_BIOS_H
#define KDTLS_PRELOAD_BIOS_H

#include "connection.h"

/**
 * struct bios_tap - a tap that was lifted, to be put back
 * @c: whose; NULL: there was none
 * @rbio: what stood in front of the BIO for reading; NULL: nothing
 * @wbio: likewise, for writing
 */
struct bios_tap {
	struct connection *c;
	BIO *rbio;
	BIO *wbio;
};

/* Is it a filter of libkdtls, whoever uses that? */
bool bios_is_tap(const BIO *bio);

/* Has it a socket of its own? */
bool bios_is_socket(const BIO *bio);

/* The SSL's own, behind such filters. */
BIO *bios_rbio(const SSL *ssl);
BIO *bios_wbio(const SSL *ssl);

/* Around a change of @c's BIOs. @c may be NULL: it has no tap. */
struct bios_tap bios_lift(struct connection *c);
void bios_lower(struct bios_tap *tap);

/* Takes the tap away for good. */
void bios_untap(struct connection *c);

#endif
