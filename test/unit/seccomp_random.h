/* What the seccomp tests share: an interpreter of classic BPF, random numbers, random profiles. */
#ifndef SECCOMP_RANDOM_H
#define SECCOMP_RANDOM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

/* One system call as a filter sees it; words[] is struct seccomp_data in the order of the machine whose call it is. */
struct call {
	uint32_t audit, number;
	uint64_t args[6];
	uint32_t words[16];
};

__attribute__((unused)) static void call_encode(struct call *call, bool big)
{
	call->words[0] = call->number;
	call->words[1] = call->audit;
	call->words[2] = call->words[3] = 0x5eed5eed; /* the instruction pointer: no filter of ours looks */
	for (int i = 0; i < 6; i++) {
		call->words[4 + 2 * i + big] = (uint32_t)call->args[i];
		call->words[4 + 2 * i + !big] = (uint32_t)(call->args[i] >> 32);
	}
}

/* What the filter returns; 0xdeadbeef: the program is not one. @steps counts instructions. */
__attribute__((unused)) static uint32_t bpf_run(const struct sock_filter *filter, size_t n, const struct call *call, uint64_t *steps)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *f = &filter[pc];

		++*steps;
		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (f->k % 4 || f->k >= sizeof(call->words))
				return 0xdeadbeef;
			a = call->words[f->k / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			pc += a & f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			return 0xdeadbeef;
		}
	}
	return 0xdeadbeef;
}

/* xorshift64*: the same profiles on every machine */
static uint64_t random_state = 88172645463325252u;

__attribute__((unused)) static uint64_t random_u64(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 2685821657736338717u;
}

__attribute__((unused)) static uint32_t random_below(uint32_t n)
{
	return (uint32_t)((random_u64() >> 32) * n >> 32);
}

#endif
