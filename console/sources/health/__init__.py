"""Probes: endpoints, certificates, backups, directories, jobs and figures, each asked on its own interval."""
