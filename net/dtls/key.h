/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_KEY_H
#define _DTLS_KEY_H

#include <linux/types.h>

struct dtls_aead;
struct dtls_assoc;
struct work_struct;

int dtls_key_install_tx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			u64 number);
int dtls_key_install_rx(struct dtls_assoc *assoc, struct dtls_aead *aead,
			u64 number);
int dtls_key_drop_rx(struct dtls_assoc *assoc, u16 number);
void dtls_key_age(struct work_struct *work);

#endif /* _DTLS_KEY_H */
