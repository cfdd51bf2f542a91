/* What is asked about containers and about hull itself: show_X() is what hull_X() does; hull.h has the descriptions. */
#ifndef RUN_SHOW_H
#define RUN_SHOW_H

#include "run/handle.h"

int show_state(struct hull *h, const char *id, char **ret_json);
int show_list(struct hull *h, struct hull_info **ret_infos, size_t *ret_n);
int show_list_json(struct hull *h, char **ret_json);
int show_match(struct hull *h, const char *regex, char ***ret_ids);
int show_pids(struct hull *h, const char *id, pid_t **ret_pids, size_t *ret_n);
int show_spec(struct hull *h, bool rootless, char **ret_json);
int show_features(struct hull *h, char **ret_json);

#endif
