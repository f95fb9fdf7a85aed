/* SPDX-License-Identifier: GPL-2.0 */
/* A GnuTLS session at one end of a link; at the other one is OpenSSL. */
#ifndef TESTS_UNIT_GNUTLS_SESSION_H
#define TESTS_UNIT_GNUTLS_SESSION_H

#include <gnutls/gnutls.h>

#include "handover/bed.h"
#include "kdtls-gnutls.h"

/**
 * struct session - one end
 * @gnutls: its session
 * @e: the end of the link
 * @tap: in front of it
 * @cipher: what GnuTLS calls the AEAD of @suite
 * @suite: OpenSSL's name
 * @kind: SERVER, RESUMED, NO_TICKET
 * @done: its handshake is
 */
struct session {
	gnutls_session_t gnutls;
	struct end *e;
	struct kdtls_gnutls_tap *tap;
	const char *cipher;
	const char *suite;
	int kind;
	bool done;
};

#define SUITES 7
extern const struct suite {
	const char *openssl;
	const char *gnutls;
} suites[SUITES];

/* On a new link, tapped, its handshake not begun; resumed if @kind says so. */
void session_open(struct session *s, struct link *l, const struct suite *suite,
		  int kind);
void session_close(struct session *s, struct link *l);

/* Goes on with its handshake, or with the end of it. */
void session_settle(struct session *s);
/* Until both ends are done; false: they never are. */
bool session_handshake(struct session *s);
/* Waits for GnuTLS's own timer, which follows the real clock. */
void session_wait(struct session *s);

/* The same in such weather, which ends with it. */
bool session_connected(struct session *s, struct link *l,
		       const struct weather *w);

/* @want: what kdtls_gnutls_attach() returns. */
struct kdtls *session_attach(struct session *s, int want);

/* Whatever is tried, GnuTLS sends nothing. */
bool session_is_sealed(struct session *s);

#endif
