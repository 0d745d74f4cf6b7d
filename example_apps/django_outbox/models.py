from django.db import models


class Order(models.Model):
    number = models.IntegerField(unique=True)
    parcels = models.IntegerField(default=0)
