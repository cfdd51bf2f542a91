/*
 * Checks of the resources object: shape only, above all where a string becomes part of a file name or of a line that the kernel parses. What
 * a value means is the cgroup aspect's business.
 */
#include "spec/check.h"

#include <stdio.h>
#include <string.h>

/* Non-empty, without spaces and control characters: a word in a line. */
static bool is_word(const char *s)
{
	return *s && !strchr(s, ' ') && check_line(s);
}

static int check_device_rules(struct error *e, const struct device_rule_list *list, const char *place)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct device_rule *r = &list->v[i];

		if (r->type && (!*r->type || r->type[1] || !strchr("abc", *r->type)))
			return fail(e, 0, "%s.devices[%zu].type: '%.64s' is none of a, b, c", place, i, r->type);
		if (r->access && r->access[strspn(r->access, "rwm")])
			return fail(e, 0, "%s.devices[%zu].access: '%.64s' has other letters than r, w, m", place, i, r->access);
		if (r->major.set && (r->major.value < -1 || r->major.value > UINT32_MAX))
			return fail(e, 0, "%s.devices[%zu].major: %lld is out of range", place, i, (long long)r->major.value);
		if (r->minor.set && (r->minor.value < -1 || r->minor.value > UINT32_MAX))
			return fail(e, 0, "%s.devices[%zu].minor: %lld is out of range", place, i, (long long)r->minor.value);
	}
	return 0;
}

/* "2MB", as the specification writes it: it becomes part of a file's name */
static bool is_page_size(const char *s)
{
	size_t digits = strspn(s, "0123456789");

	return digits > 0 && s[0] != '0' && s[digits] && strchr("KMG", s[digits]) && strcmp(s + digits + 1, "B") == 0;
}

/* The name of a file in the cgroup's directory. */
static bool is_file_name(const char *s)
{
	return *s && *s != '.' && !strchr(s, '/') && check_line(s);
}

static int check_weight(struct error *e, const struct opt_u32 *weight, const char *place, const char *key)
{
	if (weight->set && weight->value > UINT16_MAX)
		return fail(e, 0, "%s.%s: %u is out of range (0 to 65535)", place, key, weight->value);
	return 0;
}

static int check_block_io(struct error *e, const struct block_io *b, const char *place)
{
	char here[64];

	if (check_weight(e, &b->weight, place, "blockIO.weight") < 0 || check_weight(e, &b->leaf_weight, place, "blockIO.leafWeight") < 0)
		return -1;
	for (size_t i = 0; i < b->weight_device.n; i++) {
		(void)snprintf(here, sizeof(here), "%s.blockIO.weightDevice[%zu]", place, i); /* fits */
		if (check_weight(e, &b->weight_device.v[i].weight, here, "weight") < 0 ||
			check_weight(e, &b->weight_device.v[i].leaf_weight, here, "leafWeight") < 0)
			return -1;
	}
	return 0;
}

int check_resources(struct error *e, const struct resources *r, const char *place)
{
	if (check_device_rules(e, &r->devices, place) < 0 || check_block_io(e, &r->block_io, place) < 0)
		return -1;
	if (r->cpu.cpus && !check_line(r->cpu.cpus))
		return fail(e, 0, "%s.cpu.cpus: holds a control character", place);
	if (r->cpu.mems && !check_line(r->cpu.mems))
		return fail(e, 0, "%s.cpu.mems: holds a control character", place);
	for (size_t i = 0; i < r->hugepage_limits.n; i++)
		if (!is_page_size(r->hugepage_limits.v[i].page_size))
			return fail(e, 0, "%s.hugepageLimits[%zu].pageSize: '%.64s' is not a size such as 2MB", place, i,
				r->hugepage_limits.v[i].page_size);
	for (size_t i = 0; i < r->network.priorities.n; i++)
		if (!is_word(r->network.priorities.v[i].name))
			return fail(e, 0, "%s.network.priorities[%zu].name: is not a name of an interface", place, i);
	for (size_t i = 0; i < r->rdma.n; i++)
		if (!is_word(r->rdma.v[i].device))
			return fail(e, 0, "%s.rdma: '%.64s' is not a name of a device", place, r->rdma.v[i].device);
	for (size_t i = 0; i < r->unified.n; i++)
		if (!is_file_name(r->unified.v[i].key))
			return fail(e, 0, "%s.unified: '%.64s' is not a name of a file", place, r->unified.v[i].key);
	return 0;
}
