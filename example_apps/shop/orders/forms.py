from django import forms

from .models import Order


class OrderForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ("email", "quantity")
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "ada@example.com"}),
            "quantity": forms.NumberInput(attrs={"min": 1, "max": 99}),
        }
