/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Which client has which address: fixed by name, or from a pool. A client that
 * is gone keeps its own as long as no other one needs it: the one that's gone
 * for longest loses it first.
 */
#ifndef TUNNEL_POOL_H
#define TUNNEL_POOL_H

#include <stdint.h>

#include "packet.h"

#define POOL_MAX 65536 /* addresses of one pool */

/**
 * pool_new() - addresses @first to @last
 * @first: lowest one, of the family of the pool
 * @last: highest one
 *
 * Return: to be freed with pool_free(); NULL with errno: EINVAL: @first is above
 * @last or of another family; E2BIG: more than POOL_MAX; ENOMEM.
 */
struct pool *pool_new(const struct address *first, const struct address *last);
void pool_free(struct pool *pool);

/* Bytes of its addresses: 4 or 16. */
uint8_t pool_family(const struct pool *pool);

/* The pool never gives @a away by itself: the server's own, or another's. 0, -ENOMEM. */
int pool_reserve(struct pool *pool, const struct address *a);

/*
 * For @name it's always @a, in the pool or not. 0; -EEXIST: another's; -ENOMEM.
 * Nothing, and 0, if @a is of another family.
 */
int pool_fix(struct pool *pool, const char *name, const struct address *a);

/**
 * pool_take() - an address for a client that comes
 * @pool: where from
 * @name: the client
 * @had: the one it says that it had, which it gets if that's nobody's and the pool's; or NULL
 * @out: the address: fixed; or the one that @name had last here; or @had; or one
 *	that was never given away; or of who has been gone for longest
 *
 * The same for a name that has one now. Names are copied.
 * Return: 0; -EADDRNOTAVAIL: all are in use; -ENOMEM.
 */
int pool_take(struct pool *pool, const char *name, const struct address *had,
	      struct address *out);

/* The client is gone. Nothing if it wasn't here. */
void pool_give_back(struct pool *pool, const char *name);

#endif
