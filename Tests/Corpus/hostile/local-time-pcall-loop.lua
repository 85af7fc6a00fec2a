-- outcome: instructions
-- Looking for a zone that is not there reads the disk: it must cost something.
return function(call)
  while true do pcall(local_time, "No/Where") end
end
