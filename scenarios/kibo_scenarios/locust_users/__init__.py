"""Load scenarios handed to Locust: its master and workers run them, our thresholds and reports say how they came out.

Importing Locust patches the whole process for gevent, so only modules that Locust itself loads do that.
"""
