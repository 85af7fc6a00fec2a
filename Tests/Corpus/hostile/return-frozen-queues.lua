-- outcome: target: queues 9000 9001
-- A list that belongs to the file is as good as one that the call made.
local both = { queue "9000", queue "9001" }
return function(call) return both end
