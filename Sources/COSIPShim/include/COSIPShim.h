#ifndef COSIPSHIM_H
#define COSIPSHIM_H
#endif
