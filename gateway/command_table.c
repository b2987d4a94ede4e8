/* command_table.c: which commands there are, in the order in which they are listed. */
#include "gateway/commands_priv.h"

static const struct command *const all[] = {
    &command_create_room, &command_destroy_rooms, &command_list_rooms,  &command_set_affiliation,
    &command_announce,    &command_add_user,      &command_delete_user, &command_change_password,
    &command_end_session, &command_online_count,  &command_online_list,
};

const struct command *command_at(size_t i)
{
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}
