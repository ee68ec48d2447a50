#include "node/chat/departed.h"

#include "node/chat/category.h"
#include "node/chat/group.h"
#include "node/chat/room.h"
#include "node/chat/user.h"

void departed_free(struct machine *machine)
{
    room_free(machine->departed.room);
    category_free(machine->departed.category);
    user_free(machine->departed.user);
    group_free(machine->departed.group);
    machine->departed = (struct departed){NULL, NULL, NULL, NULL};
}
