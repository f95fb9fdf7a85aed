/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* TLS 1.3 key updates (RFC 8446, 4.6.3 and 7.2) of a stream's two directions. */
#ifndef KDTLS_CORE_KEY_UPDATE_H
#define KDTLS_CORE_KEY_UPDATE_H

#include "stream_state.h"

/**
 * kdtls_key_update_send() - say so to the peer, and change the sending key
 * @k: a stream, with its lock held for writing
 * @request: KeyUpdateRequest
 *
 * Return: 0; -EOPNOTSUPP: the kernel can't, nothing was sent; -EKEYREJECTED: the
 * peer was told and the kernel then refused; else -errno of sending, -EAGAIN
 * among them: nothing was sent.
 */
int kdtls_key_update_send(struct kdtls *k, uint8_t request);

/*
 * The peer has changed its key: 0; -EKEYEXPIRED: the kernel won't follow; -EIO:
 * the TLS library failed.
 */
int kdtls_key_update_received(struct kdtls *k);

#endif
