/* Id maps as text and as lists, and the files that say which ids an ordinary user may map (subuid(5)). */
#ifndef ASPECT_IDMAP_H
#define ASPECT_IDMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "spec/spec.h"

enum {
	IDMAP_TEXT_MAX = 4096,	      /* uid_map takes less than a page in one write (user_namespaces(7)) */
	IDMAP_RANGES_MAX = 64,	      /* ranges of one user that are looked at */
	IDMAP_FILE_MAX = 4 << 20,     /* bytes of /etc/passwd, /etc/subuid, /etc/subgid */
};

/**
 * idmap_text - the lines for uid_map: "container host size".
 * Return: in @arena, NULL: longer than the kernel takes.
 */
char *idmap_text(struct arena *arena, const struct id_mapping_list *list);

/**
 * idmap_words - the same for a person: "0 → 1000 (1), 1 → 100000 (65536)".
 */
char *idmap_words(struct arena *arena, const struct id_mapping_list *list);

/**
 * idmap_user_name - the name of a user in a passwd(5) file, read without NSS.
 * Return: in @arena, NULL: not found.
 */
char *idmap_user_name(struct arena *arena, const char *passwd, uint32_t uid);

/**
 * idmap_read_ranges - the ranges of a user in a subuid(5) or subgid(5) file. Lines that make no sense are skipped, as shadow's own reader does.
 * @name: may be NULL;  @uid: lines may begin with the number, too.
 * Return: host_id and size of each; none if the file cannot be read.
 */
struct id_mapping_list idmap_read_ranges(struct arena *arena, const char *path, const char *name, uint32_t uid);

/**
 * idmap_default - map 0 to @id, and from 1 on what @ranges offer.
 */
struct id_mapping_list idmap_default(struct arena *arena, uint32_t id, const struct id_mapping_list *ranges);

/**
 * idmap_is_self - whether the list is one single id: @id. Everybody may map that.
 */
bool idmap_is_self(const struct id_mapping_list *list, uint32_t id);

/**
 * idmap_forbidden - the first entry that newuidmap(1) must refuse: neither @id alone nor within one of @ranges.
 * Return: NULL: all are allowed.
 */
const struct id_mapping *idmap_forbidden(const struct id_mapping_list *list, uint32_t id, const struct id_mapping_list *ranges);

#endif
