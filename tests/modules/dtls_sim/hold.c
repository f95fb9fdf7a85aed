// SPDX-License-Identifier: GPL-2.0
/* Packets received that go up late, or behind the one that came after them. */
#include <linux/jiffies.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "dtls_sim.h"

/* When it goes up. */
struct due {
	unsigned long jiffies;
};

static struct due *due(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct due) > sizeof(skb->cb));
	return (struct due *)skb->cb;
}

/* What is due goes to @out; looks again when the next one is. */
static void take_due(struct sim *sim, struct sk_buff_head *out)
{
	struct sim_hold *hold = &sim->hold;
	struct sk_buff *skb;
	long left;

	while ((skb = skb_peek(&hold->delayed))) {
		left = (long)(due(skb)->jiffies - jiffies);
		if (left > 0) {
			schedule_delayed_work(&hold->work, left);
			return;
		}
		__skb_unlink(skb, &hold->delayed);
		__skb_queue_tail(out, skb);
	}
}

static void release_due(struct work_struct *work)
{
	struct sim *sim = container_of(work, struct sim, hold.work.work);
	struct sk_buff_head out;
	struct sk_buff *skb;

	__skb_queue_head_init(&out);
	spin_lock_bh(&sim->hold.lock);
	take_due(sim, &out);
	spin_unlock_bh(&sim->hold.lock);
	while ((skb = __skb_dequeue(&out)))
		netif_rx(skb);
}

static void delay(struct sim_hold *hold, struct sk_buff *skb, u32 ms)
{
	unsigned long ticks = msecs_to_jiffies(ms);

	due(skb)->jiffies = jiffies + ticks;
	__skb_queue_tail(&hold->delayed, skb);
	/* No effect if it's scheduled already, for those before. */
	schedule_delayed_work(&hold->work, ticks);
}

/* Return: what follows @skb, if anything does; @skb itself if it's kept. */
static struct sk_buff *turn(struct sim_hold *hold, struct sk_buff *skb,
			    u32 reorder)
{
	struct sk_buff *behind = hold->turned;

	lockdep_assert_held(&hold->lock);
	if (behind) {
		hold->turned = NULL;
	} else if (reorder && !(++hold->count % reorder)) {
		hold->turned = skb;
		behind = skb;
	}
	return behind;
}

/* Return: @skb, and in @behind what follows it; NULL if it's held. */
static struct sk_buff *pass(struct sim *sim, struct sk_buff *skb,
			    bool is_datagram, struct sk_buff **behind)
{
	u32 delay_ms = READ_ONCE(sim->knobs.delay_ms);
	struct sim_hold *hold = &sim->hold;

	if (is_datagram)
		*behind = turn(hold, skb, READ_ONCE(sim->knobs.reorder));
	if (*behind == skb) {
		*behind = NULL;
		return NULL;
	}
	if (!delay_ms)
		return skb;
	delay(hold, skb, delay_ms);
	if (*behind)
		delay(hold, *behind, delay_ms);
	*behind = NULL;
	return NULL;
}

/*
 * Only datagrams change places: so a test knows which ones.
 * Return: the packet, if it's to go up now; NULL if it was kept, or the device
 *	is down.
 */
struct sk_buff *sim_hold_pass(struct sim *sim, struct sk_buff *skb,
			      bool is_datagram)
{
	struct sk_buff *behind = NULL, *now = NULL;
	bool is_open;

	spin_lock_bh(&sim->hold.lock);
	is_open = sim->hold.is_open;
	if (is_open)
		now = pass(sim, skb, is_datagram, &behind);
	spin_unlock_bh(&sim->hold.lock);
	if (!is_open)
		kfree_skb(skb);
	if (behind)
		netif_rx(behind);
	return now;
}

void sim_hold_init(struct sim *sim)
{
	spin_lock_init(&sim->hold.lock);
	__skb_queue_head_init(&sim->hold.delayed);
	INIT_DELAYED_WORK(&sim->hold.work, release_due);
}

void sim_hold_open(struct sim *sim)
{
	spin_lock_bh(&sim->hold.lock);
	sim->hold.is_open = true;
	spin_unlock_bh(&sim->hold.lock);
}

/* The device goes down: what is held is dropped, and nothing more is. */
void sim_hold_stop(struct sim *sim)
{
	struct sim_hold *hold = &sim->hold;

	spin_lock_bh(&hold->lock);
	hold->is_open = false;
	spin_unlock_bh(&hold->lock);
	cancel_delayed_work_sync(&hold->work);
	__skb_queue_purge(&hold->delayed);
	kfree_skb(hold->turned);
	hold->turned = NULL;
}
