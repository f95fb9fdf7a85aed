// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <string.h>

#include "bios.h"
#include "real.h"

typedef void set_bio(SSL *ssl, BIO *bio);

bool bios_is_tap(const BIO *bio)
{
	return !strcmp(BIO_method_name(bio), "kdtls tap");
}

bool bios_is_socket(const BIO *bio)
{
	int type = BIO_method_type(bio);

	return type == BIO_TYPE_DGRAM || type == BIO_TYPE_SOCKET;
}

static BIO *behind_tap(BIO *bio)
{
	while (bio && bios_is_tap(bio))
		bio = BIO_next(bio);
	return bio;
}

BIO *bios_rbio(const SSL *ssl)
{
	return behind_tap(real()->SSL_get_rbio(ssl));
}

BIO *bios_wbio(const SSL *ssl)
{
	return behind_tap(real()->SSL_get_wbio(ssl));
}

/* The SSL gets what's behind @front, which is the caller's from then on. */
static BIO *lift(SSL *ssl, BIO *front, set_bio *set)
{
	BIO *next = front && bios_is_tap(front) ? BIO_next(front) : NULL;

	if (!next)
		return NULL;
	BIO_up_ref(front);
	BIO_up_ref(next);
	set(ssl, next);
	BIO_pop(front);
	/* The reference of @front's. */
	BIO_free(next);
	return front;
}

/* Undoes it, if there's a BIO still, or again. */
static void lower(SSL *ssl, BIO *front, BIO *own, set_bio *set)
{
	if (!front || !own) {
		BIO_free(front);
		return;
	}
	BIO_up_ref(own);
	BIO_push(front, own);
	set(ssl, front);
}

struct bios_tap bios_lift(struct connection *c)
{
	struct bios_tap tap = { .c = c };

	if (!c)
		return tap;
	tap.rbio = lift(c->ssl, real()->SSL_get_rbio(c->ssl),
			real()->SSL_set0_rbio);
	tap.wbio = lift(c->ssl, real()->SSL_get_wbio(c->ssl),
			real()->SSL_set0_wbio);
	return tap;
}

/* After the hand-over it's there so that OpenSSL writes nothing any more. */
static bool is_of_use(const struct bios_tap *tap, const BIO *rbio,
		      const BIO *wbio)
{
	return tap->c->stage != STAGE_WATCHED ||
	       (tap->rbio && tap->wbio && rbio && wbio &&
		bios_is_socket(rbio) && bios_is_socket(wbio));
}

void bios_lower(struct bios_tap *tap)
{
	struct connection *c = tap->c;
	BIO *rbio, *wbio;

	if (!c)
		return;
	rbio = real()->SSL_get_rbio(c->ssl);
	wbio = real()->SSL_get_wbio(c->ssl);
	c->has_tap = is_of_use(tap, rbio, wbio);
	if (!c->has_tap)
		rbio = wbio = NULL;
	lower(c->ssl, tap->rbio, rbio, real()->SSL_set0_rbio);
	lower(c->ssl, tap->wbio, wbio, real()->SSL_set0_wbio);
}

void bios_untap(struct connection *c)
{
	struct bios_tap tap;

	while (c->has_tap) {
		tap = bios_lift(c);
		c->has_tap = tap.rbio || tap.wbio;
		BIO_free(tap.rbio);
		BIO_free(tap.wbio);
	}
}
