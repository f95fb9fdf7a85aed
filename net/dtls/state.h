/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DTLS_STATE_H
#define _DTLS_STATE_H

#include <linux/types.h>

struct dtls_assoc;
struct dtls_epoch;
struct dtls_state;
struct dtls_window;

int dtls_state_stage(struct dtls_assoc *assoc, const struct dtls_window *window,
		     u32 words);
int dtls_state_apply_staged(const struct dtls_assoc *assoc, u64 number,
			    struct dtls_epoch *epoch);
void dtls_state_drop_staged(struct dtls_assoc *assoc, u16 epoch);

int dtls_state_store_window(struct dtls_assoc *assoc,
			    struct dtls_window *window, u32 words);
int dtls_state_store(struct dtls_assoc *assoc, struct dtls_state *state,
		     u32 words);

#endif /* _DTLS_STATE_H */
