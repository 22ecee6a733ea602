"""Steps carried out: the gate, the session, the supervisor of one process, the run."""
