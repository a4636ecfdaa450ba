// libyaml.
#pragma once

#if !__has_include(<yaml.h>)
#error "the headers of libyaml are missing: install libyaml-dev (make run and make test do)"
#endif

#include <yaml.h>
