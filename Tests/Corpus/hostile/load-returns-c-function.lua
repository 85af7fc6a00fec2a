-- outcome: rejected at load: a strategy returns a function
return tostring
