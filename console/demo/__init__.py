"""`opsconsole demo`: the console on a PostgreSQL and a Redis of its own, with something to see.

Three processes beside the console: a guardian that starts and ends everything, so that nothing stays
behind however the console ends; and below it the servers and one workload.
"""
