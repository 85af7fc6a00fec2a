-- outcome: rejected at load: requires itself
return require "s"
