/* libosip2's macros as functions, and its initialisation with a silent trace. */
#ifndef COSIPSHIM_H
#define COSIPSHIM_H

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <osipparser2/osip_parser.h>

#endif
