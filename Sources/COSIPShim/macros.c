#include "COSIPShim.h"
